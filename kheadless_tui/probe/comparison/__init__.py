"""Pure: the observed held against the predicted, and what of it is a race with a change."""
