"""Data warehouse for longitudinal multi-omics cohorts."""

__version__ = "0.1.0"
