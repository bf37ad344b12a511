"""Some columns of a long table of text, as text, every row with a known line.

Unlike a matrix such a table is held whole: a manifest has 50 columns of which a dozen are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import polars as pl
import pyarrow as pa
import pyarrow.csv as pcsv

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.text.cell_errors import MISSING_WORDS
from ingest.read.text.delimited import TextFormat
from ingest.read.text.raw_file import open_text

#: Bytes of text that are parsed at once.
CHUNK_BYTES = 8 << 20
_COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
_TABLES = (".csv", ".tsv", ".txt", ".tab")


@dataclass(frozen=True)
class TextTable:
    """Where the rows of a table stand in its file.

    Parameters
    ----------
    path : Path
        The file.
    format : TextFormat
        How it is written.
    columns : tuple of str
        Names in the header; as many as every row has fields.
    header_line : int
        Line of the header, from 1; 0 where there is none. The rows follow without a gap.
    end : str or None
        Start of the line that ends the table, where the format has one.
    """

    path: Path
    format: TextFormat
    columns: tuple[str, ...]
    header_line: int
    end: str | None = None

    def line(self, row: int) -> int:
        """Return the line of a row, both as counted by people and by programs (from 1, from 0)."""
        return self.header_line + 1 + row


def table_stem(path: Path) -> str:
    """Return a file's name without what says how it is written: `EPIC.hg38.mask.tsv.gz` -> ..mask.

    Parameters
    ----------
    path : Path
        Any file.
    """
    name = path.name
    for endings in (_COMPRESSIONS, _TABLES):
        for ending in endings:
            if name.lower().endswith(ending) and len(name) > len(ending):
                name = name[: -len(ending)]
                break
    return name


def read_text_columns(
    table: TextTable, fields: Mapping[str, int], chunk_bytes: int = CHUNK_BYTES
) -> pl.DataFrame:
    """Read some columns of a table as text.

    Parameters
    ----------
    table : TextTable
        Where its rows stand.
    fields : mapping of str to int
        Name to give to a column, and its index in the header.
    chunk_bytes : int
        Bytes of text that are parsed at once.

    Returns
    -------
    pl.DataFrame
        (rows, len(fields)), strings without white space around them; null where the cell is empty
        or says that a value is missing. Row i stands on line `table.line(i)`.

    Raises
    ------
    IngestError
        A row has too few or too many fields, a quote is not closed, or the line that ends the
        table is not there; with the line.
    """
    names = [f"f{i}" for i in range(len(table.columns))]
    wanted = [names[i] for i in fields.values()]
    options = {
        "read_options": pcsv.ReadOptions(column_names=names, block_size=1 << 20),
        "parse_options": _parse_options(table),
        "convert_options": pcsv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=sorted(set(wanted)),
            null_values=list(MISSING_WORDS),
            strings_can_be_null=True,
            check_utf8=False,  # `open_text` has checked it
        ),
    }
    stripped = [pl.col(w).str.strip_chars().alias(n) for n, w in zip(fields, wanted, strict=True)]
    parts = [pl.DataFrame(schema=dict.fromkeys(fields, pl.String))]
    with open_text(table.path) as stream:
        for _ in range(table.header_line):
            stream.readline()
        for first_line, chunk in _chunks(stream, table, chunk_bytes):
            parts.append(pl.DataFrame(_parse(table, options, first_line, chunk)).select(stripped))
    return pl.concat(parts)


def _parse_options(table: TextTable, **more: Any) -> Any:
    return pcsv.ParseOptions(delimiter=table.format.delimiter, ignore_empty_lines=False, **more)


def _parse(table: TextTable, options: dict[str, Any], first_line: int, chunk: bytes) -> pa.Table:
    try:
        rows = pcsv.read_csv(pa.py_buffer(chunk), **options)
    except pa.ArrowInvalid as error:
        _raise_row_error(table, first_line, chunk, error)
    if rows.num_rows != chunk.count(b"\n") + (not chunk.endswith(b"\n")):
        _raise_row_error(table, first_line, chunk, None)
    return rows


def _chunks(stream: BinaryIO, table: TextTable, size: int) -> Iterator[tuple[int, bytes]]:
    """Cut a stream into chunks of whole lines up to the table's end, without blank lines there."""
    rest, line, stop = b"", table.line(0), None
    while stop is None:
        piece = stream.read(size)
        rest += piece
        whole = rest.rfind(b"\n") + 1 if piece else len(rest)
        if table.end is not None:
            stop = _line_that_starts(rest[:whole], table.end.encode())
            if stop is None and not piece:
                _raise_unended(table, line + rest.count(b"\n"))
        elif not piece:
            stop = whole
        whole = whole if stop is None else stop
        filled = len(rest[:whole].rstrip(b"\r\n"))
        if filled:
            cut = rest.find(b"\n", filled, whole) + 1 or whole
            yield line, rest[:cut]
            line += rest.count(b"\n", 0, cut)
            rest = rest[cut:]  # blank lines wait for what follows


def _raise_unended(table: TextTable, line: int) -> NoReturn:
    raise IngestError(
        f"the table does not end in a line {table.end}: the file is truncated",
        file=table.path,
        line=line,
        expected=f"the line {table.end}",
        hint="copy or download it again; was it cut on purpose, then add that line",
    )


def _line_that_starts(text: bytes, word: bytes) -> int | None:
    """Return where the first line that starts with a word, quoted or not, starts."""
    at = text.find(word)
    while at >= 0:
        start = at - 1 if text[max(at - 1, 0) : at] == b'"' else at
        if start == 0 or text[start - 1 : start] == b"\n":
            return start
        at = text.find(word, at + 1)
    return None


def _raise_row_error(
    table: TextTable, first_line: int, chunk: bytes, error: Exception | None
) -> NoReturn:
    """Find the first row that cannot be read; slow, used once."""
    wrong: list[tuple[int, int]] = []

    def skip(row: Any) -> str:
        wrong.append((row.number - 1, row.actual_columns))
        return "skip"

    lines = chunk.split(b"\n")
    quotes = next((i for i, text in enumerate(lines) if text.count(b'"') % 2), None)
    for_text = pcsv.ConvertOptions(
        column_types={f"f{i}": pa.string() for i in range(len(table.columns))}
    )
    before = chunk if quotes is None else b"\n".join(lines[:quotes]) + b"\n"
    if before.strip(b"\n"):
        pcsv.read_csv(
            pa.py_buffer(before),
            read_options=pcsv.ReadOptions(
                column_names=[f"f{i}" for i in range(len(table.columns))], use_threads=False
            ),
            parse_options=_parse_options(table, invalid_row_handler=skip),
            convert_options=for_text,
        )
    if wrong:
        row, n_fields = wrong[0]
        raise IngestError(
            f"the row has too {'few' if n_fields < len(table.columns) else 'many'} fields",
            file=table.path,
            line=first_line + row,
            expected=counted(len(table.columns), "field"),
            found=f"{n_fields}: {_start_of(lines[row])}",
            hint="a short last row means a truncated file; fields that hold the separator are"
            " quoted",
        )
    if quotes is not None:
        raise IngestError(
            "a quote that is opened on this line is not closed on it",
            file=table.path,
            line=first_line + quotes,
            found=_start_of(lines[quotes]),
            hint="fields may not hold line breaks; remove the stray quote",
        )
    raise IngestError(
        f"the rows cannot be read: {error}", file=table.path, line=first_line
    ) from error


def _start_of(line: bytes) -> str:
    return line[:60].decode("utf-8", "replace").rstrip("\r")
