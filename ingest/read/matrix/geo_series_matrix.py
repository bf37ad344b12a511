"""The table of values inside a GEO series matrix file.

Lines that begin with `!` describe the series and its samples; the table stands between
`!series_matrix_table_begin` and `!series_matrix_table_end`, its samples named GSM...
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.matrix import text_matrix
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.delimited import split_line
from ingest.read.text.names import strip_suffix
from ingest.read.text.raw_file import MAX_HEADER_BYTES, RawFile

_BEGIN = b"!series_matrix_table_begin"
_END = b"!series_matrix_table_end"
_DELIMITER = "\t"


def recognises(start: FileStart) -> bool:
    """Whether a file that begins like this is a GEO series matrix."""
    first = next((line for line in start.lines if line.strip()), "").lstrip('"')
    return first.startswith(("!Series_", "!Sample_", _BEGIN.decode()))


def read_header(file: RawFile, assay: Assay) -> TextMatrixHeader:
    """Find the table in a series matrix and read its header; no value is read.

    Parameters
    ----------
    file : RawFile
        The series matrix.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        The file cannot be read as text, has no table or an empty one, or no sample name has the
        suffix that is to be stripped.
    """
    path, form = file.path, replace(file.text_format(), delimiter=_DELIMITER)
    with file.text() as stream:
        line, number = _table_header(stream, path)
        row = stream.readline(MAX_HEADER_BYTES)
    names = [n.strip() for n in split_line(line.decode().rstrip("\r\n"), _DELIMITER, path, number)]
    if not row.strip() or row.startswith(_END):
        raise IngestError(
            "the series matrix holds no values, only the description of its samples",
            file=path,
            line=number + 1,
            expected="one row a feature below the header",
            found="the end of the table" if row else "the end of the file",
            hint="of RNA-seq GEO keeps no values here: name the file of counts that stands among "
            "the supplementary files; this one can be given under `samples`, as the sheet"
            if row
            else "copy or download the file again",
        )
    raw = tuple(names[1:])
    if not raw:
        raise IngestError(
            "the table has no sample columns",
            file=path,
            line=number,
            expected="ID_REF, then one column a sample",
            found=line.decode()[:80].rstrip(),
        )
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, path)
    packed = "" if form.compression == "none" else f"+{form.compression}"
    return TextMatrixHeader(
        path=path,
        reader=GEO_SERIES_MATRIX.name,
        format=form,
        format_name=GEO_SERIES_MATRIX.name + packed,
        feature_column=names[0],
        raw_samples=raw,
        samples=samples,
        n_fields=len(names),
        id_field=1,
        fields={"value": tuple(range(2, len(names) + 1))},
        header_line=number,
        end_line=_END,
        first_rows=file.first_rows(number),
        notes=notes,
    )


def _table_header(stream: BinaryIO, path: Path) -> tuple[bytes, int]:
    """Read up to the table's header and return it with its line number."""
    number = 0
    for number, line in enumerate(stream, start=1):
        if line.startswith(_BEGIN):
            header = stream.readline(MAX_HEADER_BYTES)
            if not header.strip() or header.startswith(_END):
                raise IngestError(
                    "the series matrix has an empty table",
                    file=path,
                    line=number + 1,
                    expected="ID_REF and the samples",
                    hint="name the file of values that stands among the supplementary files",
                )
            return header, number + 1
    raise IngestError(
        "the series matrix has no table of values",
        file=path,
        line=number,
        expected=f"a line {_BEGIN.decode()}",
        found="the end of the file",
        hint="copy or download it again and compare its size with the source",
    )


GEO_SERIES_MATRIX = Format(
    name="geo_series_matrix",
    words="a GEO series matrix (lines that begin with !Series_ and !Sample_)",
    recognises=recognises,
    read_header=lambda start, assay: read_header(start.file, assay),
    read_blocks=text_matrix.read_blocks,
    estimated_rows=text_matrix.estimated_rows,
    first_cells=text_matrix.first_cells,
    first_features=text_matrix.first_features,
)
