"""UTF-8, checked piece by piece; and what bytes are that are not."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import NoReturn

from cohortmart.core.errors import IngestError
from ingest.read.text.mistaken_files import refuse_mistaken

_UTF16 = {b"\xff\xfe": "UTF-16LE", b"\xfe\xff": "UTF-16BE"}


def checked_utf8(source: Iterable[bytes], path: Path) -> Generator[bytes, None, None]:
    """Pass pieces of bytes on without byte-order mark, once checked to be UTF-8 text.

    Parameters
    ----------
    source : iterable of bytes
        The whole file in pieces.
    path : Path
        Its name, for messages.

    Raises
    ------
    IngestError
        A known binary format, UTF-16, a NUL byte, or bytes that are not UTF-8 (with line and
        byte offset, both counted in the decompressed text).
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line, open_character = 0, 1, False
    for number, piece in enumerate(source):
        if number == 0:
            _refuse_binary(piece, path)
        if open_character or not piece.isascii():
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                at = max(error.start - waiting, 0)
                _refuse_bytes(
                    path,
                    line + piece.count(b"\n", 0, at),
                    offset - waiting + error.start,
                    error.object[error.start],
                )
            open_character = bool(decoder.getstate()[0])
        nul = piece.find(b"\0")
        if nul >= 0:
            _refuse_nul(path, line + piece.count(b"\n", 0, nul), offset + nul)
        offset += len(piece)
        line += piece.count(b"\n")
        yield piece.removeprefix(codecs.BOM_UTF8) if number == 0 else piece
    if open_character:
        raise IngestError(
            "the file ends in the middle of a character: it is truncated",
            file=path,
            line=line,
            hint="copy or download it again",
        )


def _refuse_binary(head: bytes, path: Path) -> None:
    refuse_mistaken(head.removeprefix(codecs.BOM_UTF8), path)
    encoding = _UTF16.get(head[:2])
    if encoding:
        raise IngestError(
            f"the text is {encoding}",
            file=path,
            line=1,
            expected="UTF-8",
            found=f"the byte-order mark {head[:2].hex(' ')} at byte offset 0",
            hint="save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 old > new",
        )


def _refuse_nul(path: Path, line: int, offset: int) -> NoReturn:
    raise IngestError(
        "the file holds a NUL byte: it is binary or UTF-16",
        file=path,
        line=line,
        expected="UTF-8 text",
        found=f"a NUL byte at byte offset {offset}",
        hint="export the table as UTF-8 text; UTF-16: iconv -f UTF-16 -t UTF-8 old > new",
    )


def _refuse_bytes(path: Path, line: int, offset: int, byte: int) -> NoReturn:
    raise IngestError(
        "the text is not UTF-8",
        file=path,
        line=line,
        expected="UTF-8",
        found=f"the byte {byte:02x} at byte offset {offset}",
        hint="save it as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 old > new",
    )
