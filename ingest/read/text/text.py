"""Text files as they come from laboratories: compressed or not, with or without a byte-order mark.

What a file is follows from its first bytes and its header line, never from its name.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from cohortmart.core.errors import IngestError
from ingest.read.text.compressed import Compression, compression_of, decompressed
from ingest.read.text.utf8 import clean_pieces

#: A header line longer than this is no header line: 100,000 sample names fit many times.
MAX_HEADER_BYTES = 16 << 20
_ROW_BYTES = 1 << 16
_BOM = b"\xef\xbb\xbf"
_QUOTED = re.compile(r'"[^"]*"')
_NAMES = {",": "csv", "\t": "tsv", ";": "csv2"}


@dataclass(frozen=True)
class TextFormat:
    r"""How a text file is written.

    Parameters
    ----------
    compression : {'none', 'gzip', 'zstd', 'bz2', 'xz'}
        From the magic bytes.
    encoding : {'utf-8', 'utf-8-sig'}
        The latter has a byte-order mark.
    delimiter : str
        Comma, tab or semicolon, as the character itself.
    line_end : str
        `\n` or `\r\n`, from the header line.
    """

    compression: Compression
    encoding: Literal["utf-8", "utf-8-sig"]
    delimiter: str
    line_end: Literal["\n", "\r\n"]

    @property
    def name(self) -> str:
        """Short name for tables and messages, such as `csv+gzip`; csv2 is R's word for `;`."""
        kind = _NAMES[self.delimiter]
        return kind if self.compression == "none" else f"{kind}+{self.compression}"


class _PieceStream(io.RawIOBase):
    """A readable stream over pieces of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        n = min(len(buffer), len(self._rest))
        buffer[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


@contextmanager
def open_text(path: Path) -> Iterator[BinaryIO]:
    """Open a text file as a stream of clean UTF-8 bytes.

    The bytes are decompressed, the byte-order mark is gone, and every byte handed out was checked
    to be UTF-8 text. Memory does not grow with the file.

    Parameters
    ----------
    path : Path
        Plain, gzip, zstd, bz2 or xz.

    Yields
    ------
    BinaryIO
        Reading it raises IngestError where the file is truncated, binary or not UTF-8.

    Raises
    ------
    IngestError
        The file is missing, a folder, empty, truncated, binary or not UTF-8.
    """
    with closing(_pieces(path)) as pieces:
        stream = io.BufferedReader(_PieceStream(pieces), buffer_size=1 << 20)
        if not stream.peek(1):
            raise IngestError(
                "the file is empty",
                file=path,
                expected="a header line and at least one row",
                hint="check that the download or export went through to the end",
            )
        yield stream


def _pieces(path: Path) -> Generator[bytes, None, None]:
    with closing(decompressed(path)) as source:
        yield from clean_pieces(source, path)


def read_lines(path: Path, n: int) -> list[str]:
    """Read the first `n` lines of a text file, without their line ends; fewer if it has fewer.

    Raises
    ------
    IngestError
        As for `open_text`, or a line is longer than 16 MiB.
    """
    lines = []
    with open_text(path) as stream:
        for number in range(1, n + 1):
            line = stream.readline(MAX_HEADER_BYTES)
            if len(line) == MAX_HEADER_BYTES:
                raise IngestError(
                    "the line does not end within 16 MiB",
                    file=path,
                    line=number,
                    expected="a table with one row a line",
                )
            if not line:
                break
            lines.append(line.decode("utf-8").rstrip("\r\n"))
    return lines


def split_line(line: str, delimiter: str, path: Path, number: int) -> list[str]:
    """Split one line into its fields, quotes removed.

    Parameters
    ----------
    line : str
        Without its line end.
    delimiter : str
        One character.
    path, number
        File and line number, for the message.

    Raises
    ------
    IngestError
        A quote is not closed on the line.
    """
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise IngestError(
            "a quote that is opened on this line is not closed on it",
            file=path,
            line=number,
            found=line[:80],
            hint="fields may not hold line breaks; remove the stray quote",
        ) from None


def sniff(path: Path) -> TextFormat:
    """Find out how a text file is written, from its first bytes and lines.

    Raises
    ------
    IngestError
        As for `open_text`, or the lines end in a carriage return alone.
    """
    compression = compression_of(path)
    with closing(decompressed(path)) as source:
        has_bom = next(source, b"").startswith(_BOM)
    with open_text(path) as stream:
        head = stream.readline(MAX_HEADER_BYTES)
        # The row's beginning is enough: with samples in rows it is longer than any header.
        row = stream.readline(_ROW_BYTES)
    lines = [line.decode("utf-8", "ignore").rstrip("\r\n") for line in (head, row)]
    if b"\r" in head.rstrip(b"\r\n") or (head.endswith(b"\r")):
        raise IngestError(
            "the lines end in a carriage return alone, as on the first Macintoshes",
            file=path,
            line=1,
            expected="\\n or \\r\\n at the end of each line",
            hint=r"convert it: tr '\r' '\n' < old > new",
        )
    return TextFormat(
        compression=compression,
        encoding="utf-8-sig" if has_bom else "utf-8",
        delimiter=delimiter_of(lines),
        line_end="\r\n" if head.endswith(b"\r\n") else "\n",
    )


def delimiter_of(lines: Sequence[str]) -> str:
    """Return comma, tab or semicolon, whichever separates the fields of a header and a row.

    Parameters
    ----------
    lines : sequence of str
        The first two lines of a table.
    """
    # The header decides; the second line only where the header has one field (one sample below
    # R's missing corner cell).
    for line in lines:
        bare = _QUOTED.sub("", line)
        if "\t" in bare:
            return "\t"
        commas, semicolons = bare.count(","), bare.count(";")
        if commas or semicolons:
            return "," if commas >= semicolons else ";"
    return ","


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as they lie on disk, in hexadecimal; streamed.

    Raises
    ------
    IngestError
        The file is missing, a folder or cannot be read.
    """
    compression_of(path)  # says what is wrong with a missing file or a folder
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
