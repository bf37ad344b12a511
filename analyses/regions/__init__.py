"""Regions: neighbouring CpGs that change together, as rows of their tables."""
