"""Counts: voom, filtering by expression, negative-binomial regression."""
