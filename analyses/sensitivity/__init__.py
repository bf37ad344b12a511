"""How a hit fares under other models: batch, subject and covariates handled otherwise."""

from analyses.sensitivity.tables import sensitivity_tables

__all__ = ["sensitivity_tables"]
