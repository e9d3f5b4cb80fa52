"""The cluster's DNS: CoreDNS in small with its cache, the node-local cache, the server outside."""
