"""The objects that labs start with, as files."""
