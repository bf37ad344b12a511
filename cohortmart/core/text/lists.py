"""Lists of names in a sentence: the first of many, or all of a few."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 12) -> str:
    """Join names with commas: the first `most` of them and how many more there are.

    Parameters
    ----------
    names : sequence of str
        In the order in which they are shown.
    most : int
        So many are named: ``a, b and 3 more``.
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def joined(names: Sequence[str], word: str = "and") -> str:
    """Join names as a sentence does: ``a, b and c``."""
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
