"""Tables of one sample: feature ids and numbers, with or without a header."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cohortmart.core.study.records import Assay
from ingest.read.matrix.format import FileStart
from ingest.read.matrix.records import MatrixHeader
from ingest.read.matrix.sample_names import default_name, named_by_file
from ingest.read.text.raw_file import RawFile


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
        0 where the table has no header.
    further : mapping of str to int
        Fields of further quantities.
    """
    form = file.text_format()
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


def fields_of(start: FileStart, mark: str) -> list[list[str]]:
    """Return the fields of the first lines of a file, without quotes; blank lines left out."""
    return [
        [field.strip().strip('"') for field in line.split(mark)]
        for line in start.lines
        if line.strip()
    ]


def is_number(text: str) -> bool:
    """Whether a field is a number from 0, as counts are."""
    whole, _, decimals = text.partition(".")
    return (whole + decimals).isdecimal()
