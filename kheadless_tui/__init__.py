"""Headless Services in the terminal: predicted DNS records held against what DNS answers."""

__version__ = "0.1.0"
