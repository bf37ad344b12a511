"""Sizes of matrices: rows and length of numbers, from the size of a file and its first lines."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from cohortmart.core.errors import IngestError
from ingest.read.matrix.rds import RdsHeader
from ingest.read.matrix.records import MatrixHeader, TextMatrixHeader
from ingest.read.matrix.transposed import TransposedHeader
from ingest.read.text.compressed import compression_of
from ingest.read.text.text import open_text, split_line

#: How far text shrinks when it is compressed, where the file does not say.
COMPRESSION = 4.0
#: Decimals up to which values repeat so often that the lake stores them short.
SHORT_DECIMALS = 4
_ROWS = 11
_LINE_BYTES = 1 << 16


def estimated_rows(header: MatrixHeader) -> float:
    """Return about how many features a matrix has; read no more than the first lines.

    Parameters
    ----------
    header : MatrixHeader
        Header of the file.
    """
    if isinstance(header, (RdsHeader, TransposedHeader)):
        return max(1.0, float(len(header.features)))
    lengths, above = [], 0
    with open_text(header.path) as stream:
        for number, line in enumerate(islice(stream, header.header_line + _ROWS), start=1):
            if number <= header.header_line:
                above += len(line)
            elif line.strip():
                lengths.append(len(line))
    if not lengths:
        return 1.0
    text_bytes = uncompressed_bytes(header.path, compression_of(header.path))
    return max(1.0, (text_bytes - above) / (sum(lengths) / len(lengths)))


def has_short_numbers(header: MatrixHeader, quantity: str = "value") -> bool:
    """Return whether a quantity of the first rows has four decimals or fewer.

    Parameters
    ----------
    header : MatrixHeader
        Header of the file.
    quantity : str
        `value`, `detection_p` or `bead_count`; betas made from signals are never short.
    """
    if isinstance(header, RdsHeader):
        return False
    cells: Iterable[str]
    if isinstance(header, TextMatrixHeader):
        cells = _cells_below(header, quantity)
    elif isinstance(header, TransposedHeader):
        cells = _cells_of_second_line(header)
    else:
        return False
    found = [cell.strip() for cell in cells]
    numbers = [cell for cell in found if cell[:1].isdigit() or cell[:1] in ("-", ".")]
    return bool(numbers) and all(_is_short(number) for number in numbers)


def _is_short(number: str) -> bool:
    text = number.lower()
    return "e" not in text and len(text.partition(".")[2]) <= SHORT_DECIMALS


def _cells_below(header: TextMatrixHeader, quantity: str) -> Iterator[str]:
    fields = [f for q, of in header.fields.items() if q.startswith(quantity) for f in of]
    with open_text(header.path) as stream:
        for line in islice(stream, header.header_line, header.header_line + _ROWS):
            try:
                row = split_line(
                    line.decode().rstrip("\r\n"), header.format.delimiter, header.path, 0
                )
            except IngestError:
                continue  # ingest says what is wrong with it
            yield from (row[f - 1] for f in fields if f <= len(row))


def _cells_of_second_line(header: TransposedHeader) -> list[str]:
    with open_text(header.path) as stream:
        for _ in range(header.header_line):
            stream.readline()
        row = stream.readline(_LINE_BYTES).decode("utf-8", "ignore")
    # the first is the sample, the last may be cut
    return row.split(header.format.delimiter)[1:-1]


def uncompressed_bytes(path: Path, compression: str) -> float:
    """Return the size of a file's text; where only reading it all would tell, a guess.

    Parameters
    ----------
    path : Path
    compression : {"none", "gzip", "zstd", "bz2", "xz"}
    """
    size = path.stat().st_size
    if compression == "none":
        return float(size)
    if compression == "gzip":
        # the last four bytes hold the size modulo 4 GB, of the last member
        with path.open("rb") as file:
            file.seek(-4, 2)
            said = float(struct.unpack("<I", file.read(4))[0])
        if size < said < 20 * size:
            return said
    return size * COMPRESSION
