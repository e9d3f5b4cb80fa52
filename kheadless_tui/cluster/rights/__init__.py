"""What the user may do, what is missing for what, and the rule that would grant it."""
