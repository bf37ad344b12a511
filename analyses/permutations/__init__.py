"""Contrasts checked by permuted visits."""
