"""Thresholds of a contrast: `adjusted P < 0.05, |log FC| > 1`."""

from __future__ import annotations


def threshold_words(
    p: float | None, adj_p: float | None, delta_beta: float | None, log_fc: float | None
) -> str:
    """Return thresholds in words: `adjusted P < 0.05, |log FC| > 1`; empty where there are none.

    Parameters
    ----------
    p, adj_p, delta_beta, log_fc : float or None
        None is no threshold.
    """
    pairs = (
        (p, "P <"), (adj_p, "adjusted P <"), (delta_beta, "|delta beta| >"), (log_fc, "|log FC| >"),
    )  # fmt: skip
    return ", ".join(f"{words} {value:g}" for value, words in pairs if value is not None)
