"""Mean-difference plots: the change of a feature against its mean level."""

from __future__ import annotations

from typing import Any

from cohortmart.report.figures.feature_cloud import cloud_spec


def mean_difference_spec(unit: str, noun: str, *, dots: bool = False) -> dict[str, Any]:
    """Return the mean-difference plot of a contrast; data sets as of `cloud_spec`."""
    return cloud_spec(f"Mean level ({unit})", f"Change ({unit})", noun, changes="y", dots=dots)
