"""Kernels for measurements: the scales on which they are compared."""
