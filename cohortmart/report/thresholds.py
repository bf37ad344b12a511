"""Thresholds of a contrast in words: what counts as found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmart.core import text


def threshold_words(row: Mapping[str, Any]) -> str:
    """Say the thresholds of a row of `contrast_summary`: `adjusted P < 0.05`."""
    names = ("p", "adj_p", "delta_beta", "log_fc")
    said = text.threshold_words(**{name: row[f"threshold_{name}"] for name in names})
    return said or "every feature counts"
