"""List and watch: from bytes of the API server to the store, whatever happens on the way."""
