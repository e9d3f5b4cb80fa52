"""Keeps the screen true: what the session, the rights and the cursor say goes into the widgets."""
