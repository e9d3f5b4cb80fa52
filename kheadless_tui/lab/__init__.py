"""A small cluster in this process, for the demo and for tests; it knows nothing of the terminal program."""
