"""Differences between two runs: the lists of found features, and what made them."""
