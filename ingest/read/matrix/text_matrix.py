"""Features x samples matrices as text, streamed in blocks of complete lines.

The text is cut into chunks of whole lines here and each chunk is parsed by Arrow, whose doubles
are the nearest ones. So memory does not grow with the file, every value has a known line, and a
chunk that cannot be parsed is at hand to say where and why.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.illumina.beta_from_signals import betas_of, further_of
from ingest.read.matrix.chunk_numbers import ChunkParser
from ingest.read.matrix.format import FirstFeatures, Format
from ingest.read.matrix.header_columns import lines_above, named, titles_above, with_titles
from ingest.read.matrix.records import Block, TextMatrixHeader
from ingest.read.text.delimited import delimiter_of, split_line
from ingest.read.text.names import is_gene_name_column, strip_suffix, tidy_ids, tidy_names
from ingest.read.text.raw_file import RawFile, open_text

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
READER_VERSION = "matrix-2"
#: Bytes of text that are parsed at once.
CHUNK_BYTES = 8 << 20
HEADER_LINE = 1


def read_header(file: RawFile, assay: Assay) -> TextMatrixHeader:
    """Read the header of a plain matrix and the shape of its first row; nothing is parsed further.

    Parameters
    ----------
    file : RawFile
        The matrix file.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        The file cannot be read as text, has no data row or no sample column, its first row does
        not fit the header, or no sample name has the suffix that is to be stripped.
    """
    path, form, lines = file.path, file.text_format(), file.lines(2)
    above = titles_above(file, lines) or lines_above(file, lines)
    if above:
        lines = file.lines(above + 2)[above:]
        form = replace(form, delimiter=delimiter_of(lines))
    header_line = HEADER_LINE + above
    names = [n.strip() for n in split_line(lines[0], form.delimiter, path, header_line)]
    if len(lines) < 2 or not lines[1].strip():
        raise IngestError(
            "the matrix has no data rows",
            file=path,
            line=header_line + 1,
            expected="one row a feature below the header",
        )
    n_row = len(split_line(lines[1], form.delimiter, path, header_line + 1))
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
            line=header_line,
            expected="feature ids, then one column a sample, separated by commas or tabs",
            found=lines[0][:80],
            hint="spaces do not separate fields; in R: write.table(x, file, sep = '\\t')",
        )
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, path)
    return TextMatrixHeader(
        path=path,
        reader=MATRIX.name,
        format=form,
        format_name=form.name,
        feature_column=names[0],
        gene_name_column=names[1] if has_gene_names else None,
        raw_samples=raw,
        samples=samples,
        n_fields=len(names),
        id_field=1,
        name_field=2 if has_gene_names else 0,
        fields={"value": tuple(range(first + 1, len(names) + 1))},
        missing_corner=missing_corner,
        header_line=header_line,
        first_rows=file.first_rows(header_line),
        notes=notes,
    )


def estimated_rows(header: TextMatrixHeader) -> float:
    """Return about how many rows a matrix has, from its size and its first rows."""
    return header.first_rows.estimated


def first_cells(header: TextMatrixHeader, quantity: str) -> Iterator[str]:
    """Return the cells of a quantity in the first rows; none of betas made from signals."""
    fields = [f for q, of in header.fields.items() if q.startswith(quantity) for f in of]
    for line in header.first_rows.lines:
        try:
            row = split_line(line.decode().rstrip("\r\n"), header.format.delimiter, header.path, 0)
        except IngestError:
            continue  # read_blocks says what is wrong with it
        yield from (row[f - 1] for f in fields if f <= len(row))


def first_features(header: TextMatrixHeader, assay: Assay) -> FirstFeatures:
    """Return the ids of the first chunk of rows, and whether the file has no more.

    Raises
    ------
    IngestError
        As for `read_blocks`.
    """
    with closing(read_blocks(header, assay)) as blocks:
        block = next(blocks, None)
        if block is None:
            return FirstFeatures(pa.array([], pa.string()), True)
        return FirstFeatures(block.feature_ids, next(blocks, None) is None)


def read_blocks(
    header: TextMatrixHeader, assay: Assay, chunk_bytes: int | None = None
) -> Generator[Block, None, None]:
    """Stream a matrix of text in blocks of rows.

    Parameters
    ----------
    header : TextMatrixHeader
        Of the file: which of its fields mean what.
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
        A cell is not a number, a row has too many or too few fields, or the line that ends the
        table is not there; with line and column.
    """
    size = chunk_bytes or CHUNK_BYTES
    parser = ChunkParser(header, assay, lambda: _chunks(header, size))
    for first_line, chunk in _chunks(header, size):
        table, notes = parser.table(first_line, chunk)
        yield _block(header, assay, first_line, table, notes)


def _chunks(header: TextMatrixHeader, size: int) -> Iterator[tuple[int, bytes]]:
    """Stream the rows of a table in chunks of whole lines, each with its first line's number."""
    with open_text(header.path) as stream:
        for _ in range(header.header_line):
            stream.readline()
        yield from _until_end(_line_chunks(stream, header.header_line + 1, size), header)


def _until_end(
    chunks: Iterator[tuple[int, bytes]], header: TextMatrixHeader
) -> Iterator[tuple[int, bytes]]:
    """Pass chunks on up to the line that ends the table, where the format has one."""
    if not header.end_line:
        yield from chunks
        return
    line = header.header_line
    for first_line, chunk in chunks:
        line = first_line + chunk.count(b"\n")
        end = -1 if not chunk.startswith(header.end_line) else 0
        if end < 0:
            at = chunk.find(b"\n" + header.end_line)
            end = at + 1 if at >= 0 else -1
        if end != 0:
            yield first_line, chunk if end < 0 else chunk[:end]
        if end >= 0:
            return
    raise IngestError(
        "the table does not end: the file is truncated",
        file=header.path,
        line=line,
        expected=f"the line {header.end_line.decode()}",
        hint="copy or download it again and compare its size with the source",
    )


def _block(
    header: TextMatrixHeader,
    assay: Assay,
    first_line: int,
    table: pa.Table,
    notes: tuple[str, ...],
) -> Block:
    ids = tidy_ids(table.column(f"f{header.id_field}").combine_chunks(), assay.read.strip_version)
    names = None
    if header.name_field:
        names = tidy_names(table.column(f"f{header.name_field}").combine_chunks())
    elif header.ids_are_gene_names:
        names = ids
    given = {quantity: _numbers(table, places) for quantity, places in header.fields.items()}
    further = further_of(given, header.further)
    return Block(first_line, ids, names, betas_of(given), further, notes)


def _numbers(table: pa.Table, places: tuple[int, ...]) -> np.ndarray:
    """Return fields of a table as (rows, samples)."""
    chosen = table.select([f"f{i}" for i in places])
    values = np.empty((table.num_rows, len(places)))
    row = 0
    for batch in chosen.to_batches():  # small enough for the processor's cache to transpose
        rows = values[row : row + len(batch)]
        for j in range(len(places)):
            rows[:, j] = batch.column(j).to_numpy(zero_copy_only=False)
        row += len(batch)
    return values


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


MATRIX = Format(
    name="matrix",
    words="a matrix with features in rows and samples in columns",
    recognises=lambda _start: True,  # whatever no other reader takes
    read_header=lambda start, assay: with_titles(
        named(read_header(start.file, assay), start, assay), start.file
    ),
    read_blocks=read_blocks,
    estimated_rows=estimated_rows,
    first_cells=first_cells,
    first_features=first_features,
    # A matrix of gene names looks the same either way round; betas beside detection p are a
    # matrix, too, if one wants the detection p as samples of their own.
    looks_like=("transposed", "genomestudio", "signals", "htseq", "featurecounts"),
)
