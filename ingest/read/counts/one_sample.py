"""Tables of one sample: feature ids and numbers, with or without a header."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from cohortmart.core.study.records import Assay
from ingest.read.matrix.format import FileStart
from ingest.read.matrix.records import MatrixHeader
from ingest.read.matrix.sample_names import default_name, named_by_file
from ingest.read.text.delimited import delimiter_of
from ingest.read.text.raw_file import RawFile

_COMMENT = "#"


def one_sample_header(
    file: RawFile,
    name: str,
    *,
    columns: Collection[str],
    value_field: int,
    header_line: int = 0,
    further: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return what all headers of one sample have in common, as arguments of a header.

    Parameters
    ----------
    file : RawFile
        The table.
    name : str
        Of its format.
    columns : collection of str
        Of all its fields; their names do not matter where it has no header.
    value_field : int
        The field (from 1) of the counts.
    header_line : int
        The last line above the rows; 0 where no header and no comment stands there.
    further : mapping of str to int
        Fields of further quantities.
    """
    form = file.text_format()
    if header_line:  # comments need not have the table's separator
        form = replace(form, delimiter=delimiter_of(file.lines(header_line + 2)[header_line:]))
    sample = default_name(file.path)
    fields = {"value": (value_field,)} | {q: (f,) for q, f in (further or {}).items()}
    return {
        "path": file.path,
        "reader": name,
        "format": form,
        "format_name": name + ("" if form.compression == "none" else f"+{form.compression}"),
        "raw_samples": (sample,),
        "samples": (sample,),
        "further": tuple(further or ()),
        "n_fields": len(columns),
        "id_field": 1,
        "fields": fields,
        "header_line": header_line,
        "first_rows": file.first_rows(header_line),
    }


def named(header: MatrixHeader, start: FileStart, assay: Assay) -> MatrixHeader:
    """Name the sample by the file, as the sheets know it; see `named_by_file`."""
    return named_by_file(header, assay, set(start.known_samples))


def comments_above(lines: Sequence[str]) -> int:
    """Return how many lines of `#` stand above a table; one of as many fields is its header.

    Parameters
    ----------
    lines : sequence of str
        The first lines of a file.
    """
    n = len(list(takewhile(lambda line: line.startswith(_COMMENT), lines)))
    if not 0 < n < len(lines):
        return 0
    mark = delimiter_of(lines[n : n + 2])
    return 0 if lines[n - 1].count(mark) == lines[n].count(mark) > 0 else n


def fields_of(start: FileStart, mark: str | None = None) -> list[list[str]]:
    """Return the fields of the first rows of a file, without quotes; blank lines left out.

    Parameters
    ----------
    start : FileStart
        Of a file without a header; comments above the rows do not count.
    mark : str, optional
        What separates the fields; guessed if not given.
    """
    lines = start.lines[comments_above(start.lines) :]
    mark = mark or delimiter_of(lines[:2])
    return [
        [field.strip().strip('"') for field in line.split(mark)] for line in lines if line.strip()
    ]


def is_number(text: str) -> bool:
    """Whether a field is a number from 0, as counts are."""
    whole, _, decimals = text.partition(".")
    return (whole + decimals).isdecimal()
