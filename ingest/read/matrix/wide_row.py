"""Lines of a million numbers: split, parsed, and searched for the cell that is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.text.cell_errors import MISSING_WORDS
from ingest.read.text.delimited import split_line

_QUOTED = re.compile(rb' *"((?:[^"]|"")*)" *')  # a tab separates
_READ = pcsv.ReadOptions(column_names=["v"], block_size=1 << 20)
# A delimiter that the text cannot hold once it stands one cell a line.
_PARSE = pcsv.ParseOptions(delimiter="\x1f", ignore_empty_lines=False)
_CONVERT = pcsv.ConvertOptions(
    column_types={"v": pa.float64()}, null_values=list(MISSING_WORDS), strings_can_be_null=False
)
_NUMBER = re.compile(
    r"\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)\s*", re.IGNORECASE
)
_HINTS = (
    (r"[+-]?\d+,\d+", "the comma is a decimal comma: export the table with decimal points"),
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


def parse_cells(row: WideRow, n: int, name: Callable[[int], str]) -> np.ndarray:
    """Parse the cells of a line.

    Parameters
    ----------
    row : WideRow
        The line.
    n : int
        Cells that it must have.
    name : callable
        From a cell's position to what it is called in messages.

    Returns
    -------
    np.ndarray
        (n,), float64, NaN = missing; each the double nearest to its text.

    Raises
    ------
    IngestError
        A cell is not a number, or there are more or fewer than `n`.
    """
    found = n_fields_of(row.cells, row.delimiter, row.path, row.line)
    if found != n or row.cells is None:
        _raise_length(row, n, found)
    if b"\r" in row.cells:
        raise IngestError(
            "a carriage return stands inside the line",
            file=row.path,
            line=row.line,
            expected="line ends \\n or \\r\\n",
            hint="remove it; it often comes from a line break inside a spreadsheet cell",
        )
    try:
        # One cell a line is a table that Arrow parses at full speed; one of a million columns
        # is not. The last line end is needed for a last cell that is empty.
        table = pcsv.read_csv(
            pa.py_buffer(_one_a_line(row) + b"\n"),
            read_options=_READ,
            parse_options=_PARSE,
            convert_options=_CONVERT,
        )
    except pa.ArrowInvalid as error:
        _raise_cell(row, name, error)
    if table.num_rows != n:
        _raise_length(row, n, table.num_rows)
    values = table.column(0).to_numpy()
    return np.ascontiguousarray(values, np.float64)


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


def _raise_cell(row: WideRow, name: Callable[[int], str], error: Exception) -> NoReturn:
    for i, text in enumerate(_split(row)):
        if text in MISSING_WORDS or _NUMBER.fullmatch(text):
            continue
        bare = text.strip()
        raise IngestError(
            "the cell is not a number",
            file=row.path,
            line=row.line,
            column=name(i),
            expected=f"a number, or one of {', '.join(w or 'nothing' for w in MISSING_WORDS)}",
            found=f"`{text[:60]}`",
            hint=next((hint for pattern, hint in _HINTS if re.fullmatch(pattern, bare)), None),
        ) from error
    raise IngestError(f"the row cannot be read: {error}", file=row.path, line=row.line) from error
