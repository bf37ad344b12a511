"""Columns of values as aligned text, rounded so that people can read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.cells import cell_len, set_cell_size

WIDEST_CELL = 60
MISSING = "null"


def aligned(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """Return a table with a header, a rule and one line a row; numbers to the right.

    Parameters
    ----------
    names : sequence of str
        Header, one name a column.
    columns : sequence of sequences
        Values of each column, all of one length.
    """
    cells = [[_tidy(n), *_texts(c)] for n, c in zip(names, columns, strict=True)]
    widths = [max(cell_len(text) for text in column) for column in cells]
    right = [_is_numeric(column) for column in columns]
    for column, width in zip(cells, widths, strict=True):
        column.insert(1, "─" * width)
    lines = []
    for row in zip(*cells, strict=True):
        parts = [_padded(t, w, r) for t, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"


def one_by_one(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """Return a block of lines a row, `name  value` each, for rows wider than the terminal.

    Parameters
    ----------
    names : sequence of str
        One name a column.
    columns : sequence of sequences
        Values of each column, all of one length.
    """
    heads = [_tidy(n) for n in names]
    width = max((cell_len(head) for head in heads), default=0)
    cells = [_texts(c) for c in columns]
    lines = []
    for i, row in enumerate(zip(*cells, strict=True), 1):
        lines.append(f"── row {i} " + "─" * max(0, width - len(str(i)) - 3))
        lines += [f"{_padded(h, width, False)}  {t}" for h, t in zip(heads, row, strict=True)]
    return "\n".join(lines) + "\n"


def widest_line(text: str) -> int:
    """Return how many cells of a terminal the longest line takes."""
    return max((cell_len(line) for line in text.splitlines()), default=0)


def number(value: float, decimals: int | None = None) -> str:
    """Return one number for people: about four digits, powers of ten where they are shorter."""
    if not math.isfinite(value):
        return str(value)
    if decimals is None:
        return f"{value:.3g}"
    text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and not float(text) else text


def _texts(column: Sequence[Any]) -> list[str]:
    decimals = _decimals(column)
    texts = []
    for value in column:
        if value is None:
            texts.append(MISSING)
        elif isinstance(value, float):
            texts.append(number(value, decimals))
        else:
            texts.append(_tidy(str(value)))
    return texts


def _decimals(column: Sequence[Any]) -> int | None:
    """Decimals that all numbers of a column share; None where their sizes differ too much."""
    sizes = [abs(v) for v in column if isinstance(v, float) and math.isfinite(v) and v]
    if not sizes:
        return 1
    if all(size.is_integer() and size < 1e15 for size in sizes):
        return 0
    if min(sizes) < 1e-3 or max(sizes) >= 1e7:
        return None
    decimals = max(1, min(4, 4 - math.ceil(math.log10(max(sizes)))))
    while decimals > 1 and all(f"{size:.{decimals}f}".endswith("0") for size in sizes):
        decimals -= 1
    return decimals


def _is_numeric(column: Sequence[Any]) -> bool:
    values = [v for v in column if v is not None]
    return bool(values) and all(
        isinstance(v, (int, float, Decimal)) and not isinstance(v, bool) for v in values
    )


def _tidy(text: str) -> str:
    """One line without control characters, cut where it is long."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat if cell_len(flat) <= WIDEST_CELL else set_cell_size(flat, WIDEST_CELL - 1) + "…"


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space
