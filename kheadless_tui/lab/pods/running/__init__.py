"""Containers while they run: their processes, files, environment and output."""
