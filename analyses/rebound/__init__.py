"""Rebound: changes that swing back, as rows of the rebound tables."""
