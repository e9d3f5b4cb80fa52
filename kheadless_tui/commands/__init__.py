"""The commands: each wires the rooms together for one use and returns its exit status."""
