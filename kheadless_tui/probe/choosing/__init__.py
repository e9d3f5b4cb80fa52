"""Where from, whom, and by what: a probe planned and shown before it runs."""
