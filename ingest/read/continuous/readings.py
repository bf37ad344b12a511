"""Readings: numbers as people and instruments write them, `<0.5` and `ND` included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.types import Bools, Floats
from ingest.read.text.number_style import PLAIN, NumberStyle, to_numbers

#: Cells without a value, in small letters.
MISSING = (
    "", "na", "n.a.", "n/a", "#n/a", "#na", "<na>", "nan", "null", "none", "-", "--", ".", "?",
    "missing",
)  # fmt: skip
#: Cells that say that there was too little to measure, in small letters without spaces.
_TOO_LITTLE = frozenset(
    {"nd", "n.d.", "n.d", "notdetected", "undetected", "belowdetection", "belowlod", "lod", "<lod",
     "lloq", "<lloq", "loq", "<loq", "blq", "bloq", "bql", "bdl", "<dl", "<llod"}
)  # fmt: skip
_TOO_MUCH = frozenset({">uloq", "uloq", ">uloq.", "aboveuloq", ">max"})
#: What stands before a number that is a bound.
_SIGN = r"^(<=?|≤|&lt;|>=?|≥|&gt;)\s*(.+)$"
_BELOW, _ABOVE = r"^(<|≤|&lt;)", r"^(>|≥|&gt;)"


@dataclass(frozen=True, eq=False)
class Readings:
    """What the cells of a column say.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN = missing; of `<0.5` and `>500` the number.
    below, above : ndarray of bool of shape (n,)
        Below the detection limit, above the range.
    bad : int or None
        The first cell that says nothing of the kind.
    """

    values: Floats
    below: Bools
    above: Bools
    bad: int | None = None


def readings(cells: Any, style: NumberStyle = PLAIN) -> Readings:
    """Read the cells of a column.

    Parameters
    ----------
    cells : pyarrow.Array of shape (n,)
        Text, or numbers.
    style : NumberStyle
        How the numbers are written.
    """
    if not is_text(cells):
        return _numbers(cells)
    text = pc.fill_null(pc.utf8_trim_whitespace(cells), "")
    missing = pc.is_in(pc.utf8_lower(text), value_set=pa.array(MISSING))
    known = pc.if_else(missing, pa.scalar("", text.type), text)
    numbers, good = to_numbers(without_sign(known), style, ("",))
    out = np.array(numbers.fill_null(np.nan).to_numpy(zero_copy_only=False))
    below, above = (
        np.array(pc.match_substring_regex(known, sign).to_numpy(zero_copy_only=False))
        for sign in (_BELOW, _ABOVE)
    )
    bad = None
    for at in np.flatnonzero(~good.to_numpy(zero_copy_only=False)):
        word = "".join(known[int(at)].as_py().lower().split())
        below[at], above[at] = word in _TOO_LITTLE, word in _TOO_MUCH
        if bad is None and not (below[at] or above[at]):
            bad = int(at)
    return Readings(out, below, above, bad)


def is_text(cells: Any) -> bool:
    """Whether cells are text, and no numbers already."""
    return bool(pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type))


def as_text(cells: Any) -> Any:
    """Return cells as text, missing ones empty."""
    return pc.fill_null(pc.cast(cells, pa.string()), "")


def without_sign(cells: Any) -> Any:
    """Return cells of text without the sign of a bound: of `<0.5` the number."""
    return pc.replace_substring_regex(cells, _SIGN, r"\2")


def _numbers(cells: Any) -> Readings:
    """Take numbers as they are."""
    nothing = np.zeros(len(cells), bool)
    try:
        values = pc.cast(cells, pa.float64()).fill_null(np.nan)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return Readings(np.full(len(cells), np.nan), nothing, nothing, 0 if len(cells) else None)
    return Readings(np.array(values.to_numpy(zero_copy_only=False)), nothing, nothing)
