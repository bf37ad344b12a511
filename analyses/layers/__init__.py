"""Normalised layers of the lake: made from the raw betas and counts, which stay."""
