"""Sensitivity: the hits of an analysis under other models of batch, subject and covariates."""
