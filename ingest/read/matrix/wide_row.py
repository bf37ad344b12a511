"""Lines of a million numbers: split, parsed, and searched for the cell that is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.text.cell_errors import MISSING_WORDS, missing_words, number_hint
from ingest.read.text.delimited import split_line
from ingest.read.text.number_style import (
    PLAIN,
    NumberStyle,
    StyleEvidence,
    numbers_of,
    to_numbers,
)

_QUOTED = re.compile(rb' *"((?:[^"]|"")*)" *')  # a tab separates
_READ = pcsv.ReadOptions(column_names=["v"], block_size=1 << 20)
# A delimiter that the text cannot hold once it stands one cell a line.
_PARSE = pcsv.ParseOptions(delimiter="\x1f", ignore_empty_lines=False)
#: Lines behind one that leaves the style open in which the answer is looked for.
_LOOKED_AHEAD = 8
_HINTS = (
    (r"\S*%", "percent signs: write betas as fractions from 0 to 1"),
    (r"#.*", "this is an Excel error value: correct the formula, or leave the cell empty"),
)


@dataclass(frozen=True)
class WideRow:
    """The cells of one line.

    Parameters
    ----------
    path : Path
        The file.
    line : int
        Line in it, from 1.
    delimiter : str
        One character.
    cells : bytes
        The line behind its first field and delimiter, without its line end.
    """

    path: Path
    line: int
    delimiter: str
    cells: bytes | None


def first_field(line: bytes, delimiter: str, path: Path, number: int) -> tuple[str, bytes | None]:
    """Split the first field from a line.

    Parameters
    ----------
    line : bytes
        With or without its line end.
    delimiter : str
        One character.
    path, number
        File and line number, for the message.

    Returns
    -------
    tuple
        The field without quotes, and what follows its delimiter; None where nothing does.

    Raises
    ------
    IngestError
        A quote is not closed.
    """
    mark = delimiter.encode()
    line = line.rstrip(b"\r\n")
    quoted = _QUOTED.match(line)
    end = quoted.end() if quoted else line.find(mark)
    if end < 0 or end >= len(line):
        return split_line(line.decode(), delimiter, path, number)[0] if line else "", None
    if line[end : end + 1] != mark:  # "a"b,1: let the csv module say what is wrong
        return split_line(line.decode(), delimiter, path, number)[0], line[line.find(mark) + 1 :]
    name = quoted[1].replace(b'""', b'"') if quoted else line[:end]
    return name.decode(), line[end + 1 :]


def n_fields_of(cells: bytes | None, delimiter: str, path: Path, number: int) -> int:
    """Return how many fields a part of a line has; 0 if there is none."""
    if cells is None:
        return 0
    if b'"' in cells:
        return len(split_line(cells.decode(), delimiter, path, number))
    return cells.count(delimiter.encode()) + 1


@dataclass
class RowParser:
    """Parses the lines of one file, one after the other.

    Parameters
    ----------
    n : int
        Cells that each line must have.
    name : callable
        From a cell's position to what it is called in messages.
    kind : str
        Of the assay.
    rows : callable
        Gives the lines of the file from the beginning, where numbers are not written plainly.
    style : NumberStyle
        How numbers are written, as far as is known.
    """

    n: int
    name: Callable[[int], str]
    kind: str
    rows: Callable[[], Iterator[WideRow]]
    style: NumberStyle = field(default=PLAIN)

    def parse(self, row: WideRow) -> np.ndarray:
        """Parse the cells of a line.

        Returns
        -------
        np.ndarray
            (n,), float64, NaN = missing; each the double nearest to its text.

        Raises
        ------
        IngestError
            A cell is not a number, or there are more or fewer than `n`.
        """
        self._check(row)
        if self.style == PLAIN:
            try:
                return self._plain(row)
            except pa.ArrowInvalid as error:
                style = self._found_style(row)
                if style is None:
                    self._raise_cell(row, error)
                self.style = style
        numbers, good = to_numbers(self._cells(row), self.style, missing_words(self.kind))
        if not good.to_numpy(zero_copy_only=False).all():
            self._raise_cell(row, None)
        return np.ascontiguousarray(numbers.to_numpy(zero_copy_only=False), np.float64)

    def _check(self, row: WideRow) -> None:
        found = n_fields_of(row.cells, row.delimiter, row.path, row.line)
        if found != self.n or row.cells is None:
            _raise_length(row, self.n, found)
        if b"\r" in row.cells:
            raise IngestError(
                "a carriage return stands inside the line",
                file=row.path,
                line=row.line,
                expected="line ends \\n or \\r\\n",
                hint="remove it; it often comes from a line break inside a spreadsheet cell",
            )

    def _plain(self, row: WideRow) -> np.ndarray:
        # One cell a line is a table that Arrow parses at full speed; one of a million columns
        # is not. The last line end is needed for a last cell that is empty.
        table = pcsv.read_csv(
            pa.py_buffer(_one_a_line(row) + b"\n"),
            read_options=_READ,
            parse_options=_PARSE,
            convert_options=pcsv.ConvertOptions(
                column_types={"v": pa.float64()},
                null_values=list(missing_words(self.kind)),
                strings_can_be_null=False,
            ),
        )
        if table.num_rows != self.n:
            _raise_length(row, self.n, table.num_rows)
        return np.ascontiguousarray(table.column(0).to_numpy(), np.float64)

    def _cells(self, row: WideRow) -> pa.StringArray:
        return pa.array(_split(row), pa.string())

    def _found_style(self, row: WideRow) -> NumberStyle | None:
        """Return how numbers are written, by the file up to a line or further, if that decides."""
        if row.delimiter == ",":
            return None  # a comma that separates fields is a slip within one
        evidence = StyleEvidence(numbers_of(self.kind))
        evidence.add(self._cells(row))
        if not evidence.is_telling:
            return None
        for other in self.rows():
            further = other.line - row.line
            if further > 0 and (evidence.style is not None or further > _LOOKED_AHEAD):
                break
            if other.line != row.line:
                evidence.add(self._cells(other))
        return evidence.style

    def _raise_cell(self, row: WideRow, error: Exception | None) -> NoReturn:
        cells = self._cells(row)
        _, good = to_numbers(cells, self.style, missing_words(self.kind))
        bad = np.flatnonzero(~good.to_numpy(zero_copy_only=False))
        if bad.size:
            text = cells[int(bad[0])].as_py()
            bare = text.strip()
            hint = next((hint for pattern, hint in _HINTS if re.fullmatch(pattern, bare)), None)
            raise IngestError(
                "the cell is not a number",
                file=row.path,
                line=row.line,
                column=self.name(int(bad[0])),
                expected=f"a number, or one of {', '.join(w or 'nothing' for w in MISSING_WORDS)}",
                found=f"`{text[:60]}`",
                hint=number_hint(bare) or hint,
            ) from error
        raise IngestError(
            f"the row cannot be read: {error}", file=row.path, line=row.line
        ) from error


def _one_a_line(row: WideRow) -> bytes:
    assert row.cells is not None
    if b'"' not in row.cells:
        return row.cells.replace(row.delimiter.encode(), b"\n")
    return "\n".join(_split(row)).encode()


def _split(row: WideRow) -> list[str]:
    assert row.cells is not None
    text = row.cells.decode()
    if '"' not in text:
        return text.split(row.delimiter)
    return split_line(text, row.delimiter, row.path, row.line)


def _raise_length(row: WideRow, n: int, found: int) -> NoReturn:
    few = found < n
    hint = None
    if not few and row.delimiter == ",":
        hint = "decimal commas, or commas inside names that are not quoted, split a field"
    elif few:
        hint = "if it is the last row, the file is truncated: copy or download it again"
    raise IngestError(
        f"the row has too {'few' if few else 'many'} fields",
        file=row.path,
        line=row.line,
        expected=f"{counted(n + 1, 'field')}, as in the header",
        found=f"{found + 1:,}",
        hint=hint,
    )
