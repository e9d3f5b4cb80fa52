"""The one screen that all others lie over: its frame, its two lines to type in, and its actions."""
