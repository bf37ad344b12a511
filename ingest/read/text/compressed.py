"""Decompression decided by magic bytes, with truncated files as errors."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import zstandard

from cohortmart.core.errors import IngestError

Compression = Literal["none", "gzip", "zstd", "bz2", "xz"]

_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_PIECE = 1 << 20
_ZSTD_INPUT = 1 << 16  # the output of one call is unbounded, so feed it little
_ERRORS = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


def compression_by(magic: bytes) -> Compression:
    """Return how a file that begins with these bytes is compressed."""
    return next((name for start, name in _MAGIC if magic.startswith(start)), "none")


def decompressed(
    file: BinaryIO, compression: Compression, path: Path
) -> Generator[bytes, None, None]:
    """Stream the bytes of an open file, decompressed, in pieces of about 1 MiB.

    Parameters
    ----------
    file : BinaryIO
        At its beginning; it is not closed.
    compression : {'none', 'gzip', 'zstd', 'bz2', 'xz'}
        From `compression_by`.
    path : Path
        Its name, for messages.

    Raises
    ------
    IngestError
        The compressed data end early or are damaged.
    """
    try:
        if compression == "zstd":
            yield from _zstd(file)
        else:
            yield from _by_library(file, compression)
    except _ERRORS as error:
        _raise_damaged(path, compression, error)


def _by_library(file: BinaryIO, compression: Compression) -> Generator[bytes, None, None]:
    openers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    source = openers[compression](file, "rb") if compression in openers else file
    while piece := source.read(_PIECE):
        yield piece


def _zstd(file: BinaryIO) -> Generator[bytes, None, None]:
    # zstandard's own stream reader takes the end of a truncated frame for the end of the data.
    frame = None
    while piece := file.read(_ZSTD_INPUT):
        while piece:
            if frame is None:
                frame = zstandard.ZstdDecompressor().decompressobj()
            out = frame.decompress(piece)
            if out:
                yield out
            piece = b""
            if frame.eof:
                piece = frame.unused_data
                frame = None
    if frame is not None:
        raise EOFError


def _raise_damaged(path: Path, compression: Compression, error: Exception) -> None:
    if compression == "none":
        raise IngestError(f"the file cannot be read: {error}", file=path) from error
    if isinstance(error, EOFError):
        raise IngestError(
            f"the {compression} data end early: the file is truncated",
            file=path,
            hint="copy or download it again and compare its size or checksum with the source",
        ) from error
    raise IngestError(
        f"the {compression} data are damaged ({error})",
        file=path,
        hint="copy or download it again; if it was transferred as text, transfer it as binary",
    ) from error
