"""What can be pressed and typed, as data: keys, commands, filters, places, and what of it is remembered."""
