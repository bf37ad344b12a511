"""How many rows a matrix has and how long its numbers are, from its header."""

from __future__ import annotations

from ingest.read.formats import estimated_rows, first_cells
from ingest.read.matrix.records import MatrixHeader

__all__ = ["estimated_rows", "has_short_numbers"]

#: Decimals up to which values repeat so often that the lake stores them short.
SHORT_DECIMALS = 4


def has_short_numbers(header: MatrixHeader, quantity: str = "value") -> bool:
    """Return whether a quantity of the first rows has four decimals or fewer.

    Parameters
    ----------
    header : MatrixHeader
        Header of the file.
    quantity : str
        `value`, `detection_p` or `bead_count`; betas made from signals are never short.
    """
    found = [cell.strip() for cell in first_cells(header, quantity)]
    numbers = [cell for cell in found if cell[:1].isdigit() or cell[:1] in ("-", ".")]
    return bool(numbers) and all(_is_short(number) for number in numbers)


def _is_short(number: str) -> bool:
    text = number.lower()
    return "e" not in text and len(text.partition(".")[2]) <= SHORT_DECIMALS
