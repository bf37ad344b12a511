"""A sample sheet as text, whatever file it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.text import did_you_mean

#: Cells that stand for no value, besides the empty one.
MISSING = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "null"})
#: The same in the words of the public archives, in any case. Their `not applicable`, `unknown`
#: and `not collected` say something about the sample and stay as text.
MISSING_WORDS = frozenset({"not available"})


@dataclass(frozen=True)
class Row:
    """One row of a sheet.

    Parameters
    ----------
    line : int
        Line in the text file or row in the workbook, from 1. Where several lines make one row,
        the first of them; where samples are columns (GEO), the line that names the samples.
    cells : tuple of str
        Stripped of white space around them, in the order of the columns.
    """

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A sample sheet as text.

    Parameters
    ----------
    file : Path
        Where it was read from.
    columns : tuple of str
        Names in the header.
    header_line : int
        Line of the header, from 1.
    rows : tuple of Row
        Rows that are not blank.
    format : str
        For example `csv`, `tsv+gzip`, `xlsx`, `sdrf`, `geo_series_matrix+gzip`.
    notes : tuple of str
        What a user may want to know about how the file was read.
    elsewhere : str
        Where else in the file a column may stand that is not here; empty if nowhere.
    """

    file: Path
    columns: tuple[str, ...]
    header_line: int
    rows: tuple[Row, ...]
    format: str
    notes: tuple[str, ...] = ()
    elsewhere: str = ""

    def position(self, column: str, named_by: str = "study.yml") -> int:
        """Return the index of a column, from 0.

        Parameters
        ----------
        column : str
            Name in the header.
        named_by : str
            Who asks for it, for the message.

        Raises
        ------
        IngestError
            The header has no such column.
        """
        if column in self.columns:
            return self.columns.index(column)
        named = [c for c in self.columns if c]
        hint = did_you_mean(column, named)
        if "" in self.columns:
            unnamed = "a column without a name in the header cannot be used: give it one"
            hint = f"{hint}; {unnamed}" if hint else unnamed
        if self.elsewhere:
            hint = f"{hint}; {self.elsewhere}" if hint else self.elsewhere
        raise IngestError(
            f"the sample sheet has no column `{column}`, which {named_by} names",
            file=self.file,
            line=self.header_line,
            expected=f"a column `{column}`",
            found=", ".join(named),
            hint=hint,
        )


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value."""
    return cell in MISSING or cell.casefold() in MISSING_WORDS
