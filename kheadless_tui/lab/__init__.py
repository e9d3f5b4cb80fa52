"""The embedded cluster: a real API server at the wire, small controllers, DNS and pods, all in this process."""
