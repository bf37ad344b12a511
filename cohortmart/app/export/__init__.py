"""Exports: a study's values and results in the files of other programs."""
