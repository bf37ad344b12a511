"""Errors of cells: line and column of what made a chunk of a matrix unreadable; used once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.number_style import PLAIN, NumberStyle, to_numbers

#: Cells that say that a value is missing.
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "null")
#: Further spellings, of data frames, databases and spreadsheets.
_ALSO_MISSING = (
    *(
        "-",
        "--",
        ".",
        "?",
        "NULL",
        "Null",
        "None",
        "none",
        "<NA>",
        "#N/A",
        "#NA",
        "n/a",
        "N.A.",
        "na",
    ),
    *("Na", "NAN", "Nan", "nd", "ND", "n.d.", "missing"),
)
_PADDED = ("{}", " {}", "{} ", " {} ")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
#: What Excel makes of SEPT2, MARCH1 and DEC1, and of ids such as 2310009E13.
EXCEL_DATE = (
    rf"(?i)^([0-9]{{1,2}}-({_MONTHS})(-[0-9]{{2,4}})?|({_MONTHS})-[0-9]{{1,4}}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00)?)$"
)
EXCEL_HINT = (
    "export the table again from the program that made it, without opening it in Excel in between"
)


def missing_words(kind: str) -> tuple[str, ...]:
    """Return the cells that say that a value is missing.

    Parameters
    ----------
    kind : str
        Of the assay. A count cannot be missing, so of counts the plain words alone are known.
    """
    if kind == "counts":
        return MISSING_WORDS
    words = (*MISSING_WORDS, *_ALSO_MISSING)
    return tuple(dict.fromkeys(pad.format(word) for word in words for pad in _PADDED))


def raise_cell_error(
    header: TextMatrixHeader,
    first_line: int,
    chunk: bytes,
    error: Exception | None,
    missing: Sequence[str] = MISSING_WORDS,
    style: NumberStyle = PLAIN,
) -> NoReturn:
    """Raise the error for the first row of a chunk that cannot be read.

    Parameters
    ----------
    header : TextMatrixHeader
        Of the file.
    first_line : int
        Line of the chunk's first row.
    chunk : bytes
        Whole lines of the file.
    error : Exception or None
        What the parser said; None where it read another number of rows than there are lines.
    missing : sequence of str
        Words for a missing value.
    style : NumberStyle
        How the numbers are written.

    Raises
    ------
    IngestError
        Always.
    """
    _check_carriage_returns(header, first_line, chunk)
    table, bad_row = _as_text(header, chunk)
    cell = _first_bad_cell(header, table, missing, style)
    row_of_cell = None if cell is None else _row_in_chunk(cell[0], bad_row)
    if bad_row is not None and (row_of_cell is None or bad_row[0] < row_of_cell):
        _raise_length(header, first_line, chunk, *bad_row)
    if cell is not None and row_of_cell is not None:
        _raise_cell(header, first_line + row_of_cell, cell[1], cell[2])
    raise IngestError(
        f"the rows cannot be read: {error}", file=header.path, line=first_line
    ) from error


def _check_carriage_returns(header: TextMatrixHeader, first_line: int, chunk: bytes) -> None:
    stray = re.search(rb"\r(?!\n|$)", chunk)
    if stray:
        raise IngestError(
            "a carriage return stands inside the line",
            file=header.path,
            line=first_line + chunk.count(b"\n", 0, stray.start()),
            expected="line ends \\n or \\r\\n",
            hint="remove it; it often comes from a line break inside a spreadsheet cell",
        )


def _as_text(header: TextMatrixHeader, chunk: bytes) -> tuple[Any, tuple[int, int] | None]:
    """Parse a chunk as text; also (index, number of fields) of its first row of wrong length."""
    wrong: list[tuple[int, int]] = []

    def skip(row: Any) -> str:
        wrong.append((row.number - 1, row.actual_columns))
        return "skip"

    names = [f"f{i}" for i in range(1, header.n_fields + 1)]
    try:
        table = pcsv.read_csv(
            pa.py_buffer(chunk),
            read_options=pcsv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pcsv.ParseOptions(
                delimiter=header.format.delimiter,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        table = pa.table({n: pa.array([], pa.string()) for n in names})
    return table, wrong[0] if wrong else None


def _row_in_chunk(row: int, bad_row: tuple[int, int] | None) -> int:
    # `row` counts the rows that were kept; only those before the first skipped one are exact,
    # and a later one loses against the skipped row anyway.
    return row if bad_row is None or row < bad_row[0] else row + 1


def _first_bad_cell(
    header: TextMatrixHeader, table: Any, missing: Sequence[str], style: NumberStyle
) -> tuple[int, int, str] | None:
    """Return row, field and text of the first cell that is no number."""
    found: tuple[int, int, str] | None = None
    for field in sorted(header.field_names):
        column = table.column(field - 1)
        _, good = to_numbers(column, style, missing)
        bad = np.flatnonzero(~good.to_numpy())
        if bad.size and (found is None or bad[0] < found[0]):
            found = (int(bad[0]), field, column[int(bad[0])].as_py())
    return found


def _raise_length(
    header: TextMatrixHeader, first_line: int, chunk: bytes, row: int, n_fields: int
) -> NoReturn:
    lines = chunk.splitlines()
    text = lines[row].decode("utf-8", "replace") if row < len(lines) else ""
    few = n_fields < header.n_fields
    cut = few and row == len(lines) - 1 and not chunk.endswith(b"\n")
    problem, hint = f"the row has too {'few' if few else 'many'} fields", None
    if cut:
        problem = "the last row is cut off: the file is truncated"
        hint = "copy or download it again and compare its size or checksum with the source"
    elif not few and header.format.delimiter == ",":
        hint = "decimal commas, or commas inside names that are not quoted, split a field"
    raise IngestError(
        problem,
        file=header.path,
        line=first_line + row,
        expected=f"{counted(header.n_fields, 'field')}, as in the rows above"
        if first_line + row > header.header_line + 1
        else f"{counted(header.n_fields, 'field')}, as in the header",
        found=f"{n_fields}: {text[:60]}",
        hint=hint,
    )


def _raise_cell(header: TextMatrixHeader, line: int, field: int, text: str) -> NoReturn:
    raise IngestError(
        "the cell is not a number",
        file=header.path,
        line=line,
        column=header.field_names[field],
        expected=f"a number, or one of {', '.join(w or 'nothing' for w in MISSING_WORDS)}",
        found=f"`{text[:60]}`",
        hint=_cell_hint(header, field, text.strip()),
    )


def number_hint(text: str) -> str | None:
    """Return what to do about a number that is not written plainly, None for other text.

    Parameters
    ----------
    text : str
        Without white space around it.
    """
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", text):
        return (
            "thousands are set apart, or the comma is a decimal comma: export the table without "
            "separators and with decimal points"
        )
    if re.fullmatch(r"[+-]?[0-9]*,[0-9]+(e[+-]?[0-9]+)?", text, re.IGNORECASE):
        return "the comma is a decimal comma: export the table with decimal points"
    if re.fullmatch(r"[+-]?[0-9]{1,3}([,'\u2019 \u00a0\u202f][0-9]{3})+([.,][0-9]*)?", text):
        return "thousands are set apart: export the table without separators"
    if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?", text):
        return "thousands are set apart by points: export the table without separators"
    return None


def _cell_hint(header: TextMatrixHeader, field: int, text: str) -> str | None:
    said = number_hint(text)
    if said is not None:
        return said
    if re.match(EXCEL_DATE, text):
        return f"Excel took a number for a date; {EXCEL_HINT}"
    if text.endswith("%"):
        return "percent signs: write betas as fractions from 0 to 1"
    if text in _ALSO_MISSING:
        return "a missing beta is written NA; a count cannot be missing"
    if text.startswith("#"):
        return "this is an Excel error value: correct the formula, or leave the cell empty"
    if re.fullmatch(r"[+-]?0x[0-9a-f]*\.?[0-9a-f]*(p[+-]?[0-9]+)?", text, re.IGNORECASE):
        return "this is a hexadecimal number: write it with decimal digits"
    name = header.field_names[field].rsplit(" (field", 1)[0]
    if field < 10 and name.lower() in _ANNOTATION:
        return "this column describes the features: remove it, only samples may follow the ids"
    return None


_ANNOTATION = frozenset(
    {"chr", "chromosome", "start", "end", "strand", "length", "description", "gene_biotype"}
    | {"biotype", "gene_type", "transcript_id", "transcript_id(s)", "gene_id", "entrez", "position"}
)
