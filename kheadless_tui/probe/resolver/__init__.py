"""The pod's own resolver: its files, its way through the names, getent's word."""
