"""The edge to the API server: connection, list and watch, store, access, exec, debug pods."""
