"""Permutation of visits within people."""
