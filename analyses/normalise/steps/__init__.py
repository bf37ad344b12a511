"""Normalisation steps, one file each."""
