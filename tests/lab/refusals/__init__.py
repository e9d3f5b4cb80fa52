"""Requests that an API server refuses, and what a real one answers."""
