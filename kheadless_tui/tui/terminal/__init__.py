"""The terminal itself: its size, its themes, its signs, its input, and how one notices that it is gone."""
