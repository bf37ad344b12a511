"""Overlap of the features that two contrasts find."""
