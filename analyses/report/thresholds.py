"""What counts as found, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = (
    ("threshold_p", "P <"),
    ("threshold_adj_p", "adjusted P <"),
    ("threshold_delta_beta", "|delta beta| >"),
    ("threshold_log_fc", "|log FC| >"),
)


def threshold_words(row: Mapping[str, Any]) -> str:
    """Say the thresholds of a row of `contrast_summary`: `adjusted P < 0.05`."""
    said = [f"{words} {row[name]:g}" for name, words in _WORDS if row[name] is not None]
    return ", ".join(said) or "every feature counts"
