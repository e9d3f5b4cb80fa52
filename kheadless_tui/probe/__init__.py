"""Asking DNS from a vantage point, and holding the answers against the prediction."""
