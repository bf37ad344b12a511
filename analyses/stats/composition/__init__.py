"""Composition of samples: fractions of cell types from a reference."""
