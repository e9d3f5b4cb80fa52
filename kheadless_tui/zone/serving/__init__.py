"""How the zone is served: a Corefile, read as CoreDNS reads it, and what of it decides on answers."""
