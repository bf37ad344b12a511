"""Matrices with samples in rows and features in columns, turned round outside of memory.

A line holds a whole sample: 8 MB for EPIC. Each is parsed by itself and its doubles are written
to a scratch file, from which blocks of features are read. The scratch file lies in the folder for
temporary files (TMPDIR) and takes 8 bytes a value: 7 GB for 1,000 EPIC samples.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.read.matrix.feature_ids import is_feature_id
from ingest.read.matrix.format import FileStart, FirstFeatures, Format
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.matrix.wide_row import RowParser, WideRow, first_field, n_fields_of
from ingest.read.text.delimited import TextFormat, split_line
from ingest.read.text.names import strip_suffix, tidy_ids
from ingest.read.text.raw_file import RawFile, open_text

HEADER_LINE = 1
#: Bytes of values in one block; each costs one read a sample.
BLOCK_BYTES = 32 << 20
#: Header fields that are looked at, and how many of them must be ids.
_LOOKED_AT = 1000
_SHARE = 0.9
#: Bytes of the first row that are kept in the header.
_ROW_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class TransposedHeader(MatrixHeader):
    """A matrix as delimited text: one line a sample, one field a feature.

    Parameters
    ----------
    format : TextFormat
        How it is written.
    features : pa.StringArray
        Feature ids as they stand in the header.
    missing_corner : bool
        The header is one field shorter than the rows, as R writes it.
    first_row : bytes
        The beginning of the first sample's line.
    """

    format: TextFormat
    features: Any
    missing_corner: bool = False
    first_row: bytes = b""

    def sample_line(self, sample: int) -> int:
        """Return the line of a sample, from 1."""
        return self.header_line + 1 + sample

    def field(self, feature: int) -> int:
        """Return the field of a feature in the rows, from 1."""
        return feature + 2

    def cell_name(self, feature: int) -> str:
        """Return a feature's id and field, for messages."""
        return f"{self.features[feature].as_py()} (field {self.field(feature)})"

    def header_place(self, sample: int) -> tuple[int | None, int | str]:
        """Return line and field of a sample's name."""
        return self.sample_line(sample), 1

    def place(self, block: Block, row: int, sample: int) -> tuple[int | None, int | str]:
        """Return line and field of a value."""
        return self.sample_line(sample), self.cell_name(self._feature(block.first_line, row))

    def feature_place(self, first_line: int, row: int) -> tuple[int | None, int | str]:
        """Return line and field of a feature's id, which stands in the header."""
        field = self.field(self._feature(first_line, row))
        return self.header_line, field - self.missing_corner

    def _feature(self, first_line: int, row: int) -> int:
        # Blocks count features as if they were lines below the header.
        return first_line - self.header_line - 1 + row


def recognises(start: FileStart) -> bool:
    """Whether a file that begins like this has its samples in rows; no if in doubt.

    Parameters
    ----------
    start : FileStart
        First lines of the file, perhaps cut, and the names in the sample sheets.

    Returns
    -------
    bool
        The header holds ids of probes or Ensembl genes, or the first fields of the rows are known
        samples; and the other way round neither holds.
    """
    rows = [line for line in start.lines[1:] if line.strip()]
    if not rows:
        return False
    head = _first_fields(start.lines[0], start.delimiter)
    across, down = head[1:] or head, [_first_fields(row, start.delimiter, 1)[0] for row in rows]
    known, suffix = set(start.known_samples), start.strip_suffix or ""
    known_down = [name.removesuffix(suffix) in known for name in down]
    known_across = any(name.removesuffix(suffix) in known for name in head)
    if known_across:
        return False
    if all(known_down):
        return True
    ids_across = sum(map(is_feature_id, across)) >= _SHARE * len(across)
    return ids_across and not any(map(is_feature_id, down))


def _first_fields(line: str, delimiter: str, n: int = _LOOKED_AT) -> list[str]:
    """Return the first fields of a line that may be cut anywhere, without their quotes."""
    fields = line[: 64 * (n + 1)].split(delimiter)[: n + 1]
    whole = fields[:-1] if len(fields) > n or len(line) > 64 * (n + 1) else fields
    return [field.strip().strip('"') for field in whole or fields]


def read_header(file: RawFile, assay: Assay) -> TransposedHeader:
    """Read the feature ids and the sample names; no value is read, but the whole file passes.

    Parameters
    ----------
    file : RawFile
        The matrix file.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        The file cannot be read as text, has no row or no feature, its first row does not fit the
        header, or no sample name has the suffix that is to be stripped.
    """
    path, form = file.path, file.text_format()
    with file.text() as stream:
        line = stream.readline().decode().rstrip("\r\n")
        names = split_line(line, form.delimiter, path, HEADER_LINE)
        raw, n_first, first_row = _sample_names(stream, form, path)
    if not raw:
        raise IngestError(
            "the matrix has no data rows",
            file=path,
            line=HEADER_LINE + 1,
            expected="one row a sample below the header",
        )
    missing_corner = n_first == len(names) + 1
    if missing_corner:
        names = ["", *names]
    if len(names) < 2:
        raise IngestError(
            "the matrix has no feature columns",
            file=path,
            line=HEADER_LINE,
            expected="sample names, then one column a feature, separated by commas or tabs",
            found=line[:80],
        )
    samples, notes = strip_suffix(raw, assay.read.strip_suffix, path)
    return TransposedHeader(
        path=path,
        reader=TRANSPOSED.name,
        format=form,
        format_name=f"{TRANSPOSED.name}+{form.name}",
        raw_samples=raw,
        samples=samples,
        features=tidy_ids(pa.array(names[1:], pa.string()), strip_version=False),
        missing_corner=missing_corner,
        header_line=HEADER_LINE,
        first_row=first_row,
        notes=notes,
    )


def _sample_names(
    stream: BinaryIO, form: TextFormat, path: Path
) -> tuple[tuple[str, ...], int, bytes]:
    """Return the first field of each row; of the first row how many fields, and its beginning."""
    names: list[str] = []
    n_first, first_row, blank = 0, b"", 0
    for number, row in enumerate(stream, start=HEADER_LINE + 1):
        if not row.strip():
            blank = blank or number
            continue
        if blank:
            raise IngestError(
                "the row is blank", file=path, line=blank, expected="a sample", hint="remove it"
            )
        name, rest = first_field(row, form.delimiter, path, number)
        if not names:
            n_first = n_fields_of(rest, form.delimiter, path, number) + 1
            first_row = row[:_ROW_BYTES]
        names.append(name.strip())
    return tuple(names), n_first, first_row


def estimated_rows(header: TransposedHeader) -> float:
    """Return how many features a matrix has."""
    return max(1.0, float(len(header.features)))


def first_cells(header: TransposedHeader, quantity: str) -> list[str]:
    """Return the first values of the first sample; the last of them may be cut and is left out."""
    del quantity
    return header.first_row.decode("utf-8", "ignore").split(header.format.delimiter)[1:-1]


def read_blocks(
    header: TransposedHeader, assay: Assay, block_bytes: int | None = None
) -> Iterator[Block]:
    """Stream a matrix with samples in rows, in blocks of features.

    Parameters
    ----------
    header : TransposedHeader
        From `read_header` on the same file.
    assay : Assay
        Its reading options.
    block_bytes : int, optional
        Bytes of values in one block; 32 MiB if not given.

    Yields
    ------
    Block
        Features in the order of the header. Nothing is checked but that the cells are numbers.

    Raises
    ------
    IngestError
        A cell is not a number or a row has too many or too few fields, with line and column; or
        there is no room for the scratch file.
    """
    n_samples, n_features = len(header.samples), len(header.features)
    step = max(1, (block_bytes or BLOCK_BYTES) // (8 * n_samples))
    ids = tidy_ids(header.features, assay.read.strip_version)
    with tempfile.TemporaryFile(buffering=0) as scratch:
        notes = _spill(header, assay, scratch.fileno())
        for start in range(0, n_features, step):
            n = min(step, n_features - start)
            tile = np.empty((n_samples, n))
            for sample in range(n_samples):
                at = 8 * (sample * n_features + start)
                _read_into(scratch.fileno(), tile[sample], at)
            values = np.ascontiguousarray(tile.T)
            first_line = header.header_line + 1 + start
            yield Block(first_line, ids.slice(start, n), None, values, notes=() if start else notes)


def _spill(header: TransposedHeader, assay: Assay, scratch: int) -> tuple[str, ...]:
    """Write every sample's values to the scratch file, one after the other; return notes."""
    parser = RowParser(
        len(header.features), header.cell_name, assay.kind, partial(_wide_rows, header)
    )
    n = 0
    for row in _wide_rows(header):
        _write(header, scratch, parser.parse(row))
        n += 1
    if n < len(header.samples):
        raise IngestError(
            "the file has lost rows while it was read",
            file=header.path,
            expected=counted(len(header.samples), "sample"),
            found=f"{n:,}",
        )
    words = parser.style.words
    return (f"{header.path.name}: numbers with {words} read as such",) if words else ()


def _wide_rows(header: TransposedHeader) -> Iterator[WideRow]:
    """Stream the samples' lines."""
    with open_text(header.path) as stream:
        stream.readline()
        # read_header saw that only blank lines follow
        for sample, line in enumerate(islice(stream, len(header.samples))):
            number = header.sample_line(sample)
            _, rest = first_field(line, header.format.delimiter, header.path, number)
            yield WideRow(header.path, number, header.format.delimiter, rest)


def _write(header: TransposedHeader, scratch: int, values: np.ndarray) -> None:
    data = values.data.cast("B")
    try:
        while data:
            data = data[os.write(scratch, data) :]
    except OSError as error:
        size = 8 * len(header.samples) * len(header.features) / 1e9
        raise IngestError(
            f"the scratch file for turning the matrix round cannot be written: {error.strerror}",
            file=header.path,
            expected=f"{size:.1f} GB of room in {tempfile.gettempdir()}",
            hint="set TMPDIR to a folder on a larger disk",
        ) from error


def _read_into(scratch: int, row: np.ndarray, at: int) -> None:
    target = row.data.cast("B")
    while target:
        n = os.preadv(scratch, [target], at)
        if not n:
            raise OSError("the scratch file is shorter than what was written to it")
        target, at = target[n:], at + n


TRANSPOSED = Format(
    name="transposed",
    words="a matrix with samples in rows and features in columns",
    recognises=recognises,
    read_header=lambda start, assay: read_header(start.file, assay),
    read_blocks=read_blocks,
    estimated_rows=estimated_rows,
    first_cells=first_cells,
    first_features=lambda header, _assay: FirstFeatures(header.features, True),
    looks_like=("matrix",),
)
