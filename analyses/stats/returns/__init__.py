"""Return towards a reference: how much of a difference is gone, and whether that is chance."""
