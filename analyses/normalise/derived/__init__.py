"""Derived assays: cell fractions, linear scores and activities, made from another assay."""
