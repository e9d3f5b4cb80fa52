"""From a kubeconfig to a connection that the API server lets in."""
