"""Rows of `derive_weight`: with which weights the derived assays are made."""

from __future__ import annotations

#: The feature that stands for the constant of a score.
INTERCEPT = "(Intercept)"
