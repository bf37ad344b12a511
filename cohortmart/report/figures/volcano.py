"""Volcano plots: the change of a feature against how little chance explains it."""

from __future__ import annotations

from typing import Any

from cohortmart.report.figures.feature_cloud import cloud_spec
from cohortmart.report.figures.small_clouds import small_clouds_spec

Y_TITLE = "\u2212log10 P (higher: stronger)"


def volcano_spec(unit: str, noun: str, *, dots: bool = False) -> dict[str, Any]:
    """Return the volcano plot of a contrast; data sets as of `cloud_spec`."""
    return cloud_spec(f"Change ({unit})", Y_TITLE, noun, changes="x", dots=dots)


def small_volcanoes_spec(
    unit: str, noun: str, *, x_domain: tuple[float, float], y_domain: tuple[float, float]
) -> dict[str, Any]:
    """Return the volcano plots of many contrasts; data as of `small_clouds_spec`."""
    return small_clouds_spec(
        f"Change ({unit})", "\u2212log10 P", noun, x_domain=x_domain, y_domain=y_domain
    )
