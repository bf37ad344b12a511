"""Matrices of features x samples in every format that is read."""
