"""Regions: neighbouring CpGs that change together."""
