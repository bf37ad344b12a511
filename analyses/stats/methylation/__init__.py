"""Methylation betas: M values, BMIQ."""
