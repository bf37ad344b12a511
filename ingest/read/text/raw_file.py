"""A raw file, opened once: how it is written, its first lines, its text and its checksum.

All that has to be known before the values of a file are read comes from one opening: what was
decompressed to look at the beginning is held and handed out again.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from cohortmart.core.errors import IngestError
from cohortmart.core.study.paths import is_pattern
from ingest.read.text.compressed import Compression, compression_by, decompressed
from ingest.read.text.delimited import TextFormat, delimiter_of
from ingest.read.text.utf8 import checked_utf8

#: A header line longer than this is no header line: 100,000 sample names fit many times.
MAX_HEADER_BYTES = 16 << 20
#: Decompressed bytes from the beginning that are held: the first lines of the widest tables.
HELD_BYTES = 32 << 20
_ROW_BYTES = 1 << 16
_MAGIC_BYTES = 8
_BOM = b"\xef\xbb\xbf"
#: How far text shrinks when it is compressed, where the file does not say.
_SHRINKS = 4.0
#: Rows below a header that tell how long the others are.
_FIRST_ROWS = 11


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a table, from which the size of the whole is estimated.

    Parameters
    ----------
    lines : tuple of bytes
        The lines below the header, with their line ends.
    bytes_above : int
        Of the text up to and with the header.
    text_bytes : float
        Of the whole text; a guess where only decompressing it all would tell.
    """

    lines: tuple[bytes, ...] = ()
    bytes_above: int = 0
    text_bytes: float = 0.0

    @property
    def estimated(self) -> float:
        """About how many rows the table has, at least one."""
        lengths = [len(line) for line in self.lines if line.strip()]
        if not lengths:
            return 1.0
        return max(1.0, (self.text_bytes - self.bytes_above) / (sum(lengths) / len(lengths)))


class RawFile:
    """A file of the user, open for reading until `close`, or as a context.

    Its text can be read from the beginning again and again, by one reader at a time.

    Parameters
    ----------
    path : Path
        Plain, gzip, zstd, bz2 or xz.
    hold : bool
        Whether the beginning is held, because it will be read again.

    Attributes
    ----------
    path : Path
    magic : bytes
        The first bytes on disk.
    compression : {'none', 'gzip', 'zstd', 'bz2', 'xz'}
        From these.

    Raises
    ------
    IngestError
        The file is missing, a folder, or cannot be opened.
    """

    def __init__(self, path: Path, *, hold: bool = True) -> None:
        self.path = path
        self._limit = HELD_BYTES if hold else 0
        self._file, self.magic = _opened(path)
        self.compression: Compression = compression_by(self.magic)
        self._held: list[bytes] = []
        #: Whether what is held and what the source still gives are the whole file.
        self._complete = True
        self._rewind()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._source.close()
        self._file.close()

    def pieces(self) -> Generator[bytes, None, None]:
        """Stream the decompressed bytes from the beginning, in pieces of about 1 MiB.

        Raises
        ------
        IngestError
            The compressed data end early or are damaged.
        """
        if not self._complete:
            self._rewind()
        yield from tuple(self._held)
        try:
            for piece in self._source:
                self._hold(piece)
                yield piece
        except IngestError:
            self._complete = False  # whoever reads again meets the error, not an early end
            raise

    @contextmanager
    def text(self) -> Iterator[BinaryIO]:
        """Give the text from the beginning as a stream of clean UTF-8 bytes.

        The bytes are decompressed, the byte-order mark is gone, and every byte handed out was
        checked to be UTF-8 text. Memory does not grow with the file.

        Yields
        ------
        BinaryIO
            Reading it raises IngestError where the file is truncated, binary or not UTF-8.

        Raises
        ------
        IngestError
            The file is empty, truncated, binary or not UTF-8.
        """
        with closing(self.pieces()) as raw, closing(checked_utf8(raw, self.path)) as pieces:
            stream = io.BufferedReader(_PieceStream(pieces), buffer_size=1 << 20)
            if not stream.peek(1):
                raise IngestError(
                    "the file is empty",
                    file=self.path,
                    expected="a header line and at least one row",
                    hint="check that the download or export went through to the end",
                )
            yield stream

    def lines(self, n: int) -> list[str]:
        """Return the first `n` lines without their line ends; fewer if the file has fewer.

        Raises
        ------
        IngestError
            As for `text`, or a line is longer than 16 MiB.
        """
        lines = []
        with self.text() as stream:
            for number in range(1, n + 1):
                line = stream.readline(MAX_HEADER_BYTES)
                if len(line) == MAX_HEADER_BYTES:
                    raise IngestError(
                        "the line does not end within 16 MiB",
                        file=self.path,
                        line=number,
                        expected="a table with one row a line",
                    )
                if not line:
                    break
                lines.append(line.decode("utf-8").rstrip("\r\n"))
        return lines

    def text_format(self) -> TextFormat:
        """Find out how the text is written, from its first bytes and lines.

        Raises
        ------
        IngestError
            As for `text`, or the lines end in a carriage return alone.
        """
        with closing(self.pieces()) as pieces:
            has_bom = next(pieces, b"").startswith(_BOM)
        with self.text() as stream:
            head = stream.readline(MAX_HEADER_BYTES)
            # The row's beginning is enough: with samples in rows it is longer than any header.
            row = stream.readline(_ROW_BYTES)
        lines = [line.decode("utf-8", "ignore").rstrip("\r\n") for line in (head, row)]
        if b"\r" in head.rstrip(b"\r\n") or (head.endswith(b"\r")):
            raise IngestError(
                "the lines end in a carriage return alone, as on the first Macintoshes",
                file=self.path,
                line=1,
                expected="\\n or \\r\\n at the end of each line",
                hint=r"convert it: tr '\r' '\n' < old > new",
            )
        return TextFormat(
            compression=self.compression,
            encoding="utf-8-sig" if has_bom else "utf-8",
            delimiter=delimiter_of(lines),
            line_end="\r\n" if head.endswith(b"\r\n") else "\n",
        )

    def first_rows(self, header_line: int) -> FirstRows:
        """Return the first rows below a header (a line from 1), and what tells the table's size.

        Raises
        ------
        IngestError
            As for `text`.
        """
        with self.text() as stream:
            above = sum(len(line) for line in islice(stream, header_line))
            return FirstRows(tuple(islice(stream, _FIRST_ROWS)), above, self._text_bytes())

    def sha256(self) -> str:
        """Return the SHA-256 of the bytes as they lie on disk, in hexadecimal; streamed."""
        self._complete = False
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def _rewind(self) -> None:
        self._file.seek(0)
        self._source = decompressed(self._file, self.compression, self.path)
        self._held = []
        self._complete = True

    def _hold(self, piece: bytes) -> None:
        """Keep a piece; once the beginning is too long, none of them."""
        if self._complete and sum(map(len, self._held)) + len(piece) <= self._limit:
            self._held.append(piece)
        else:
            self._complete = False
            self._held.clear()

    def _text_bytes(self) -> float:
        size = os.fstat(self._file.fileno()).st_size
        if self.compression == "none":
            return float(size)
        if self.compression == "gzip":
            # the last four bytes hold the size modulo 4 GB, of the last member
            said = float(struct.unpack("<I", os.pread(self._file.fileno(), 4, size - 4))[0])
            if size < said < 20 * size:
                return said
        return size * _SHRINKS


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


def _opened(path: Path) -> tuple[io.BufferedReader, bytes]:
    """Open a file and return it with its first bytes."""
    try:
        file = path.open("rb")
        return file, file.read(_MAGIC_BYTES)
    except FileNotFoundError:
        if is_pattern(path):
            raise IngestError(
                "no file matches this pattern",
                file=path,
                expected="one file at least",
                hint="patterns in study.yml are relative to study.yml itself; `**` goes down "
                "through all folders",
            ) from None
        raise IngestError(
            "the file does not exist",
            file=path,
            hint="paths in study.yml are relative to study.yml itself",
        ) from None
    except IsADirectoryError:
        raise IngestError(
            "this is a folder", file=path, expected="a file", hint="name the file inside it"
        ) from None
    except OSError as error:
        raise IngestError(f"the file cannot be opened: {error.strerror}", file=path) from error


@contextmanager
def open_text(path: Path) -> Iterator[BinaryIO]:
    """Open a text file to read it through once; see `RawFile.text`."""
    with RawFile(path, hold=False) as file, file.text() as stream:
        yield stream


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as they lie on disk, in hexadecimal; streamed.

    Raises
    ------
    IngestError
        The file is missing, a folder or cannot be read.
    """
    with RawFile(path, hold=False) as file:
        return file.sha256()
