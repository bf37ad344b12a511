"""Numerical tools: tails, lowess, blocks of rows over the cores."""
