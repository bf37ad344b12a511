"""Readings: numbers as people and instruments write them, `<0.5` and `ND` included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.types import Bools, Floats

#: Cells without a value, in small letters.
MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", ".", "missing", "<na>")
#: Cells that say that there was too little to measure, in small letters without spaces.
_TOO_LITTLE = frozenset(
    {"nd", "n.d.", "n.d", "notdetected", "undetected", "belowdetection", "belowlod", "lod", "<lod",
     "lloq", "<lloq", "loq", "<loq", "blq", "bloq", "bql", "bdl", "<dl", "<llod"}
)  # fmt: skip
_TOO_MUCH = frozenset({">uloq", "uloq", ">uloq.", "aboveuloq", ">max"})
_PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_BOUND = re.compile(
    r"(?P<sign><=?|≤|&lt;|>=?|≥|&gt;)?\s*(?P<number>[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?)"
)


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


def readings(cells: Any, *, decimal_comma: bool = False) -> Readings:
    """Read the cells of a column.

    Parameters
    ----------
    cells : pyarrow.Array of shape (n,)
        Text, or numbers.
    decimal_comma : bool
        Whether `0,5` is a number: only where no comma separates fields.
    """
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return _numbers(cells)
    text = pc.fill_null(pc.utf8_trim_whitespace(cells), "")
    missing = pc.is_in(pc.utf8_lower(text), value_set=pa.array(MISSING))
    known = pc.if_else(missing, pa.scalar(None, text.type), text)
    plain = pc.fill_null(pc.match_substring_regex(known, _PLAIN), False)
    values = pc.cast(pc.if_else(plain, known, pa.scalar(None, text.type)), pa.float64())
    out = np.array(values.fill_null(np.nan).to_numpy(zero_copy_only=False))
    below, above = np.zeros(len(out), bool), np.zeros(len(out), bool)
    other = np.flatnonzero(pc.and_not(pc.is_valid(known), plain).to_numpy(zero_copy_only=False))
    bad = None
    for at in other:
        read = _bound(known[int(at)].as_py(), decimal_comma)
        if read is None:
            bad = int(at) if bad is None else bad
            continue
        out[at], below[at], above[at] = read
    return Readings(out, below, above, bad)


def _numbers(cells: Any) -> Readings:
    """Take numbers as they are."""
    nothing = np.zeros(len(cells), bool)
    try:
        values = pc.cast(cells, pa.float64()).fill_null(np.nan)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return Readings(np.full(len(cells), np.nan), nothing, nothing, 0 if len(cells) else None)
    return Readings(np.array(values.to_numpy(zero_copy_only=False)), nothing, nothing)


def _bound(text: str, decimal_comma: bool) -> tuple[float, bool, bool] | None:
    """Read a cell that is no plain number: value, below, above."""
    word = "".join(text.lower().split())
    if word in _TOO_LITTLE:
        return float("nan"), True, False
    if word in _TOO_MUCH:
        return float("nan"), False, True
    found = _BOUND.fullmatch(text)
    if found is None or ("," in found["number"] and not decimal_comma):
        return None
    sign = found["sign"] or ""
    number = float(found["number"].replace(",", "."))
    return number, sign in ("<", "<=", "≤", "&lt;"), sign in (">", ">=", "≥", "&gt;")
