"""What changed between two runs, and why: the lists of found features and what made them."""
