"""What the lab keeps: kinds, objects with their versions and defaults, refusals, roles and rights, and its clock."""
