"""Normalised layers of the lake: made from the raw betas, which stay."""
