"""Rotation tests of the correlation of contrasts."""
