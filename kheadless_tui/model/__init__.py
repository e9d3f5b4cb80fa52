"""Pure: slim frozen Kubernetes objects, the indexed snapshot, reading of manifests."""
