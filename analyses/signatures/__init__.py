"""Contrasts beside published tables of other studies."""
