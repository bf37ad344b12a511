"""The known word that a misspelt one most likely stands for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word most like `word`, whatever the case, or None if none is like it.

    Parameters
    ----------
    word : str
        What was found.
    known : iterable of str
        What could have been meant; earlier words win a tie.
    cutoff : float
        Least likeness in 0..1 (`difflib.SequenceMatcher.ratio`).
    """
    by_lower: dict[str, str] = {}
    for candidate in known:
        by_lower.setdefault(candidate.lower(), candidate)
    # difflib breaks ties by the word itself; sorting by likeness alone keeps the given order
    scored = [
        (difflib.SequenceMatcher(None, lower, word.lower(), autojunk=False).ratio(), candidate)
        for lower, candidate in by_lower.items()
    ]
    likely = [pair for pair in scored if pair[0] >= cutoff]
    return max(likely, key=lambda pair: pair[0])[1] if likely else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return "did you mean `x`?" for the nearest known word, or None if none is like it."""
    found = nearest(word, known)
    return None if found is None else f"did you mean `{found}`?"
