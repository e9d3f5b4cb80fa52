"""The way into a lab: address, certificate, tokens, kubeconfigs in a private folder, and the port of its DNS."""
