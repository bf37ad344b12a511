"""Variance partition of an analysis: shares of variables, people and noise."""
