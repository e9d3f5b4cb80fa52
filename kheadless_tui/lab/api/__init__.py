"""The API server: what comes over HTTP, verb by verb."""
