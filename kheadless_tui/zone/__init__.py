"""Pure: from a snapshot to the DNS records that must exist and the answer of any question."""
