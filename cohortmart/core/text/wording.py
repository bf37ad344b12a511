"""How numbers of things are said in messages."""

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


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number and its noun: `1 sample`, `1,200 samples`.

    Parameters
    ----------
    n : int
        How many.
    one : str
        The noun for one.
    many : str, optional
        The noun for any other number; `one` with an s if it is not given.
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
