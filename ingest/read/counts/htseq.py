"""HTSeq: the genes and counts of one sample, without a header; `__no_feature` and others last.

Anders, Pyl & Huber 2015, doi 10.1093/bioinformatics/btu638. With `--additional-attr` columns about
the genes stand between id and count.
"""

from __future__ import annotations

from ingest.read.counts.one_sample import (
    comments_above,
    fields_of,
    is_number,
    named,
    one_sample_header,
)
from ingest.read.matrix import text_matrix
from ingest.read.matrix.annotation_columns import is_about_features
from ingest.read.matrix.format import HEAD_LINES, FileStart, Format
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.delimited import delimiter_of, split_line
from ingest.read.text.raw_file import RawFile


def recognises(start: FileStart) -> bool:
    """Whether a file begins with a gene and its count, and has no header."""
    rows = fields_of(start)
    if not rows or not 2 <= len(rows[0]) <= 5 or any(len(row) != len(rows[0]) for row in rows):
        return False
    first = rows[0]
    if not first[0] or is_about_features(first[0]) or first[-1] in start.known_samples:
        return False
    counts = all(is_number(row[-1]) for row in rows)
    texts = not any(is_number(cell) for cell in first[1:-1])
    return counts and texts and (len(rows) > 1 or not is_number(first[0]))


def read_header(file: RawFile) -> TextMatrixHeader:
    """Read the shape of the first row; no value is read.

    Parameters
    ----------
    file : RawFile
        The table.

    Raises
    ------
    IngestError
        The file cannot be read as text.
    """
    above = comments_above(file.lines(HEAD_LINES))
    rows = file.lines(above + 2)[above:]
    first = split_line(rows[0], delimiter_of(rows), file.path, above + 1)
    common = one_sample_header(
        file, HTSEQ.name, columns=first, value_field=len(first), header_line=above
    )
    return TextMatrixHeader(**common, name_field=2 if len(first) > 2 else 0)


HTSEQ = Format(
    name="htseq",
    words="the genes and counts of one sample without a header, as HTSeq writes them",
    recognises=recognises,
    read_header=lambda start, assay: named(read_header(start.file), start, assay),
    read_blocks=text_matrix.read_blocks,
    estimated_rows=text_matrix.estimated_rows,
    first_cells=text_matrix.first_cells,
)
