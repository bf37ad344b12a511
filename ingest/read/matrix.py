"""Features x samples matrices as text, streamed in blocks of complete lines.

The text is cut into chunks of whole lines here and each chunk is parsed by Arrow, whose doubles
are the nearest ones. So memory does not grow with the file, every value has a known line, and a
chunk that cannot be parsed is at hand to say where and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from cohortmart.errors import IngestError
from cohortmart.study import Assay
from ingest.read.fault import MISSING_WORDS, raise_fault
from ingest.read.names import is_gene_name_column, strip_suffix, tidy_ids, tidy_names
from ingest.read.text import TextFormat, open_text, read_lines, sniff, split_line

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
READER_VERSION = "matrix-1"
#: Bytes of text that are parsed at once.
CHUNK_BYTES = 8 << 20
HEADER_LINE = 1


@dataclass(frozen=True)
class MatrixHeader:
    """What the first lines of a matrix file say.

    Parameters
    ----------
    path : Path
        The file.
    format : TextFormat
        How it is written.
    feature_column : str
        Name of the column of feature ids; empty where the header has none.
    gene_name_column : str or None
        Name of the second column, where it holds gene names.
    raw_samples : tuple of str
        Sample names as they stand in the header.
    samples : tuple of str
        The same, without the suffix that study.yml strips.
    missing_corner : bool
        The header is one field shorter than the rows, as R writes it.
    first_sample_field : int
        Number of the first sample's field in the rows, from 1.
    notes : tuple of str
        What the user should know.
    """

    path: Path
    format: TextFormat
    feature_column: str
    gene_name_column: str | None
    raw_samples: tuple[str, ...]
    samples: tuple[str, ...]
    missing_corner: bool
    first_sample_field: int
    notes: tuple[str, ...] = ()

    @property
    def n_fields(self) -> int:
        """Fields in every row."""
        return self.first_sample_field - 1 + len(self.samples)

    @property
    def ids_are_gene_names(self) -> bool:
        """Whether the feature column itself holds gene names, by its name."""
        return self.gene_name_column is None and is_gene_name_column(self.feature_column)


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a matrix.

    Parameters
    ----------
    first_line : int
        Line of the first row in its file; the others follow without a gap.
    feature_ids : pa.StringArray
        (rows,)
    gene_names : pa.StringArray or None
        (rows,), null where the file has none.
    values : np.ndarray
        (rows, samples), float64, NaN = missing.
    """

    first_line: int
    feature_ids: Any
    gene_names: Any
    values: np.ndarray


def read_header(path: Path, assay: Assay) -> MatrixHeader:
    """Read the header of a matrix and the shape of its first row; nothing further is parsed.

    Parameters
    ----------
    path : Path
        The matrix file.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        The file cannot be read as text, has no data row or no sample column, its first row does
        not fit the header, or no sample name has the suffix that is to be stripped.
    """
    form = sniff(path)
    lines = read_lines(path, 2)
    names = [n.strip() for n in split_line(lines[0], form.delimiter, path, HEADER_LINE)]
    if len(lines) < 2 or not lines[1].strip():
        raise IngestError(
            "the matrix has no data rows",
            file=path,
            line=HEADER_LINE + 1,
            expected="one row a feature below the header",
        )
    n_row = len(split_line(lines[1], form.delimiter, path, HEADER_LINE + 1))
    missing_corner = n_row == len(names) + 1
    if missing_corner:
        names = ["", *names]
    has_gene_names = len(names) > 2 and is_gene_name_column(names[1])
    first = 2 if has_gene_names else 1
    raw = tuple(names[first:])
    if not raw:
        raise IngestError(
            "the matrix has no sample columns",
            file=path,
            line=HEADER_LINE,
            expected="feature ids, then one column a sample, separated by commas or tabs",
            found=lines[0][:80],
            hint="spaces do not separate fields; in R: write.table(x, file, sep = '\\t')",
        )
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, path)
    return MatrixHeader(
        path=path,
        format=form,
        feature_column=names[0],
        gene_name_column=names[1] if has_gene_names else None,
        raw_samples=raw,
        samples=samples,
        missing_corner=missing_corner,
        first_sample_field=first + 1,
        notes=notes,
    )


def read_blocks(
    header: MatrixHeader, assay: Assay, chunk_bytes: int | None = None
) -> Iterator[Block]:
    """Stream a matrix in blocks of rows.

    Parameters
    ----------
    header : MatrixHeader
        From `read_header` on the same file.
    assay : Assay
        Its reading options.
    chunk_bytes : int, optional
        Bytes of text that are parsed at once; 8 MiB if not given.

    Yields
    ------
    Block
        Rows in the order of the file. Nothing is checked but that the cells are numbers.

    Raises
    ------
    IngestError
        A cell is not a number, or a row has too many or too few fields; with line and column.
    """
    options = _parse_options(header)
    with open_text(header.path) as stream:
        stream.readline()
        for first_line, chunk in _line_chunks(stream, HEADER_LINE + 1, chunk_bytes or CHUNK_BYTES):
            yield _parse(header, assay, options, first_line, chunk)


def _parse_options(header: MatrixHeader) -> dict[str, Any]:
    names = [f"f{i}" for i in range(header.n_fields)]
    n_text = header.first_sample_field - 1
    types = {n: pa.string() if i < n_text else pa.float64() for i, n in enumerate(names)}
    return {
        # Autogenerated names: the file's own may repeat.
        "read_options": pc.ReadOptions(column_names=names, block_size=1 << 20),
        "parse_options": pc.ParseOptions(
            delimiter=header.format.delimiter, ignore_empty_lines=False
        ),
        "convert_options": pc.ConvertOptions(
            column_types=types, null_values=list(MISSING_WORDS), strings_can_be_null=False
        ),
    }


def _parse(
    header: MatrixHeader, assay: Assay, options: dict[str, Any], first_line: int, chunk: bytes
) -> Block:
    try:
        table = pc.read_csv(pa.py_buffer(chunk), **options)
    except pa.ArrowInvalid as error:
        raise_fault(header, first_line, chunk, error)
    if table.num_rows != chunk.count(b"\n") + (not chunk.endswith(b"\n")):
        raise_fault(header, first_line, chunk, None)
    n_text = header.first_sample_field - 1
    values = np.empty((table.num_rows, len(header.samples)))
    row = 0
    for batch in table.to_batches():  # small enough for the processor's cache to transpose
        rows = values[row : row + len(batch)]
        for j in range(len(header.samples)):
            rows[:, j] = batch.column(n_text + j).to_numpy(zero_copy_only=False)
        row += len(batch)
    ids = tidy_ids(table.column(0).combine_chunks(), assay.read.strip_version)
    names = None
    if header.gene_name_column is not None:
        names = tidy_names(table.column(1).combine_chunks())
    elif header.ids_are_gene_names:
        names = ids
    return Block(first_line, ids, names, values)


def _line_chunks(stream: BinaryIO, line: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Cut a stream into chunks of whole lines, each with the number of its first line.

    Blank lines at the very end of the file belong to no chunk.
    """
    rest = b""
    while piece := stream.read(size):
        rest += piece
        end = _end_of_text(rest, rest.rfind(b"\n") + 1)
        if end:  # else a line longer than the chunk, or nothing but blank lines so far
            chunk, rest = rest[:end], rest[end:]
            yield line, chunk
            line += chunk.count(b"\n")
    end = _end_of_text(rest, len(rest))
    if end:
        yield line, rest[:end]


def _end_of_text(text: bytes, end: int) -> int:
    """Return where the last line of `text[:end]` that is not blank ends, its line end included."""
    last = end
    while last and text[last - 1] in b"\r\n":
        last -= 1
    line_end = text.find(b"\n", last, end) + 1
    return (line_end or end) if last else 0
