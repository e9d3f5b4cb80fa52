"""Rules: a snapshot (and observations) in, findings out."""
