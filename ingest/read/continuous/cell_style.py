"""How the numbers of a table of measurements are written, found out while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from ingest.read.continuous.readings import is_text, without_sign
from ingest.read.continuous.table import Table
from ingest.read.text.number_style import PLAIN, NumberStyle, StyleEvidence

_MARKS = ",'\u2019 \u00a0\u202f"
#: Numbers as people write them, right or wrong for the file: 1,234 and 12.5%.
_LIKE_A_NUMBER = rf"^[+\-\x{{2212}}]?[0-9][0-9.{_MARKS}]*%?$"


class CellStyle:
    """The style of the numbers of a table, from all of its cells that were seen.

    Parameters
    ----------
    table : Table
        Where commas separate its fields, they are no part of numbers.
    """

    def __init__(self, table: Table) -> None:
        self._in_text = table.delimiter == ","
        self._evidence = StyleEvidence("any")

    def of(self, columns: Sequence[Any]) -> NumberStyle:
        """Return how the numbers of some columns are written, by what was seen so far.

        Where it is open, the plain style, in which such cells are no numbers.
        """
        if self._in_text:
            return PLAIN
        cells = [without_sign(pc.utf8_trim_whitespace(c)) for c in columns if is_text(c)]
        if any(pc.any(pc.match_substring_regex(c, f"[{_MARKS}]")).as_py() for c in cells):
            for column in cells:
                self._evidence.add(column)
        return (self._evidence.style or PLAIN) if self._evidence.is_telling else PLAIN


def like_numbers(cells: Any) -> int:
    """Count the cells that someone meant as numbers, whether they can be read or not."""
    if not is_text(cells):
        return 0
    bare = without_sign(pc.utf8_trim_whitespace(cells))
    return int(pc.sum(pc.match_substring_regex(bare, _LIKE_A_NUMBER)).as_py() or 0)


def not_a_number(table: Table, column: str, line: int, cell: Any) -> IngestError:
    """Return the error for a cell that is no measurement."""
    text = str(cell.as_py())[:60]
    hint = "correct it, or leave it empty for a missing value"
    if "%" in text:
        hint = "write the number alone, and `unit: percent` in study.yml"
    elif "," in text:
        hint = (
            "a decimal comma, or a comma that sets thousands apart? The file leaves that open: "
            "write decimal points, and thousands without a mark"
        )
    return IngestError(
        "the cell is not a number",
        file=table.path,
        line=line,
        column=column,
        expected="a number, `<` and a number below detection, or NA",
        found=f"`{text}`",
        hint=hint,
    )
