"""Measurements of any kind: proteins, hormones, flow fractions, as tables of any shape."""
