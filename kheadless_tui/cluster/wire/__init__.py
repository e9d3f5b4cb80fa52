"""HTTP and WebSocket towards one API server, and what its failures mean."""
