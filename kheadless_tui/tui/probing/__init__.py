"""From the key to the answers: the place that is chosen, the question before a write, the probe, what it left."""
