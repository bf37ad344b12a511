"""The header of a sample sheet: the line that names its columns, below titles and comments.

Found by the columns that the study names, else by its shape. Illumina's sample sheets have it in
the section [Data].
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted, listed
from ingest.read.samples.sheet import Row
from ingest.read.samples.sheet_columns import loose

#: Rows among which the header must stand.
_TOP = 50
_SECTION = re.compile(r"\[[^\]]+\]")
_SHOWN = 3


@dataclass(frozen=True)
class SheetTable:
    """The table of a sample sheet.

    Parameters
    ----------
    header : Row
        Names of the columns.
    body : tuple of Row
        The rows below it that are neither blank nor comments.
    notes : tuple of str
        What was passed over.
    """

    header: Row
    body: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def find_table(file: Path, rows: Sequence[Row], wanted: Collection[str]) -> SheetTable:
    """Find the header of a sheet and the rows below it.

    Parameters
    ----------
    file : Path
        For messages.
    rows : sequence of Row
        All rows of the file, in order.
    wanted : collection of str
        Columns that the study names; empty if no study asks.

    Raises
    ------
    IngestError
        No row holds anything, or an Illumina sheet has no section of samples.
    """
    filled = [row for row in rows if any(row.cells)]
    if not filled:
        raise IngestError(
            "the sample sheet is empty", file=file, hint="check that it is the right file"
        )
    notes = []
    if is_section(filled[0]):
        filled, note = _data_section(file, filled, wanted)
        notes.append(note)
    at = _header_at(filled, wanted)
    header = _without_hash(filled[at], wanted)
    body, comments = _without_comments(filled[at + 1 :])
    comments = [*(row for row in filled[:at] if _is_comment(row)), *comments]
    titles = [row for row in filled[:at] if not _is_comment(row)]
    if titles:
        lines = listed([str(row.line) for row in titles], most=_SHOWN)
        plural = "s" if len(titles) > 1 else ""
        notes.append(
            f"{file.name}: the header is line {header.line}; line{plural} {lines} above it "
            f"(`{_text_of(titles[0])}`) passed over"
        )
    if comments:
        lines = listed([str(row.line) for row in comments], most=_SHOWN)
        said = counted(len(comments), "line")
        notes.append(f"{file.name}: {said} that begin with # passed over (line {lines})")
    return SheetTable(header, tuple(body), tuple(notes))


def named_in(cells: Sequence[str], wanted: Collection[str]) -> int:
    """Return how many of the wanted columns a row names; case and spaces do not count.

    Parameters
    ----------
    cells : sequence of str
        Of the row.
    wanted : collection of str
        Columns that the study names.
    """
    there = {loose(cell) for cell in (*cells, cells[0].lstrip("# ") if cells else "")}
    return sum(loose(name) in there for name in wanted)


def best_delimiter(lines: Sequence[str], guessed: str, wanted: Collection[str]) -> str:
    """Return the delimiter with which some line names most of the wanted columns.

    Parameters
    ----------
    lines : sequence of str
        First lines of the file; a title above the table may have misled the guess.
    guessed : str
        Taken where no other does better.
    wanted : collection of str
        Columns that the study names.
    """

    def score(mark: str) -> int:
        rows = (next(csv.reader([line], delimiter=mark), []) for line in lines)
        return max((named_in([cell.strip() for cell in row], wanted) for row in rows), default=0)

    marks = dict.fromkeys((guessed, "\t", ",", ";"))
    return max(marks, key=lambda mark: (score(mark), mark == guessed))


def is_section(row: Row) -> bool:
    """Whether a row is the head of a section of Illumina's, such as `[Header]`."""
    return bool(_SECTION.fullmatch(row.cells[0])) and not any(row.cells[1:])


def _data_section(
    file: Path, filled: Sequence[Row], wanted: Collection[str]
) -> tuple[list[Row], str]:
    """Return the rows of the section that holds the samples, and a note."""
    heads = [i for i, row in enumerate(filled) if is_section(row)]
    ends = [*heads[1:], len(filled)]
    sections = {filled[i]: list(filled[i + 1 : end]) for i, end in zip(heads, ends, strict=True)}

    def rank(head: Row) -> tuple[int, bool]:
        rows = sections[head]
        named = named_in(rows[0].cells, wanted) if rows else 0
        return named, "data" in head.cells[0].lower()

    best = max(sections, key=rank)
    if rank(best) <= (1, False) or not sections[best]:
        raise IngestError(
            "the sample sheet has no section [Data] with samples",
            file=file,
            expected="a line [Data], below it the names of the columns and one row a sample",
            found=listed([head.cells[0] for head in sections], most=6),
            hint="check that the file was written to its end",
        )
    return sections[
        best
    ], f"{file.name}: the table below {best.cells[0]} (line {best.line}) is read"


def _header_at(filled: Sequence[Row], wanted: Collection[str]) -> int:
    top = filled[:_TOP]
    scores = [named_in(row.cells, wanted) for row in top]
    if max(scores) > 0:
        return scores.index(max(scores))
    widths = sorted(_n_filled(row) for row in filled if not _is_comment(row))
    usual = widths[len(widths) // 2] if widths else 1
    for i, row in enumerate(top):
        if not _is_comment(row) and 2 * _n_filled(row) > usual:
            return i
    return 0


def _n_filled(row: Row) -> int:
    return sum(cell != "" for cell in row.cells)


def _is_comment(row: Row) -> bool:
    return row.cells[0].startswith("#")


def _without_comments(body: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Split comments off; where every row begins with # it belongs to the samples' names."""
    comments = [row for row in body if _is_comment(row)]
    if len(comments) == len(body):
        return list(body), []
    return [row for row in body if not _is_comment(row)], comments


def _without_hash(header: Row, wanted: Collection[str]) -> Row:
    """Take the # from the first name (`#SampleID`) where the study names it without."""
    first = header.cells[0]
    bare = first.lstrip("# ")
    if first in wanted or not first.startswith("#") or bare not in wanted:
        return header
    return Row(header.line, (bare, *header.cells[1:]))


def _text_of(row: Row) -> str:
    return " ".join(cell for cell in row.cells if cell)[:60]
