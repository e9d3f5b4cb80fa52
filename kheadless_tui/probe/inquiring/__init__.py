"""Questions on their way: out over a line to a server, and back as observations."""
