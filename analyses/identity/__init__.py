"""Whose each sample is, over all assays of a study: a step of `analyse`."""
