"""Mean-difference plots: the change of a feature against its mean level."""

from __future__ import annotations

from typing import Any

from cohortmart.report.figures.feature_cloud import cloud_spec
from cohortmart.report.figures.small_clouds import small_clouds_spec


def mean_difference_spec(unit: str, noun: str) -> dict[str, Any]:
    """Return the mean-difference plot of a contrast; data sets as of `cloud_spec`."""
    return cloud_spec(f"Mean level ({unit})", f"Change ({unit})", noun, changes="y")


def small_mean_differences_spec(
    unit: str, noun: str, *, x_domain: tuple[float, float], y_domain: tuple[float, float]
) -> dict[str, Any]:
    """Return the mean-difference plots of many contrasts; data as of `small_clouds_spec`."""
    return small_clouds_spec(
        f"Mean level ({unit})", f"Change ({unit})", noun, x_domain=x_domain, y_domain=y_domain
    )
