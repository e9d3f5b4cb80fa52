"""Pure: servers by records, and which layer of DNS a difference lies in."""
