"""Files that people hand in for a table by mistake, known by their first bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError

_EXPORT = "export the table as csv or tsv"
_UNPACK = "unpack it and name the table inside it"
#: Words inside the first entries of a zip archive, and what such an archive is.
_IN_ZIP: tuple[tuple[bytes, str, str], ...] = (
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _EXPORT),
    (b"word/", "a Word document (.docx)", _EXPORT),
    (b"ppt/", "a PowerPoint file (.pptx)", _EXPORT),
    (b"xl/", "an Excel workbook (.xlsx) or another zip archive", _EXPORT),
    (b"[Content_Types].xml", "an Excel workbook (.xlsx) or another zip archive", _EXPORT),
    (b"docProps/", "an Excel workbook (.xlsx) or another zip archive", _EXPORT),
)
_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive (or an Excel workbook, .xlsx)", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _EXPORT),
    (b"X\n\x00\x00", "an R object (RDS)", "in R: write.csv(x, file)"),
    (b"RDX", "an R workspace (RData)", "in R: write.csv(x, file)"),
    (b"\x89HDF", "an HDF5 file (h5ad, loom)", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"ARROW1", "an Arrow or Feather file", _EXPORT),
    (b"IDAT", "an Illumina IDAT file", "give the matrix of beta values computed from it"),
    (b"%PDF-", "a PDF document", "take the table from its source: csv, tsv or a workbook"),
    (b"{\\rtf", "an RTF document", "save it as plain text"),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"SQLite format 3\0", "an SQLite database", _EXPORT),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"\x1f\x8b", "compressed twice", "decompress it once: gunzip -c old > new"),
)
_MARKUP = re.compile(
    rb"<(!--|\?xml|!doctype|((html|head|body|table|script|style|meta|title|div|p)\b))",
    re.IGNORECASE,
)
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_JSON = re.compile(rb'\{\s*("[^"\n]*"\s*:|\})|\[\s*(\{|\[|\])')
_LOOKED_AT = 1 << 16
_TAR_MAGIC = slice(257, 262)


@dataclass(frozen=True)
class _Mistake:
    what: str
    hint: str
    found: str | None = None


def refuse_mistaken(head: bytes, path: Path) -> None:
    """Raise if the beginning of a file is not that of a text table.

    Parameters
    ----------
    head : bytes
        Its first bytes, decompressed, without a byte-order mark.
    path : Path
        Its name, for messages.

    Raises
    ------
    IngestError
        It is a known binary format, an archive, a web page, XML, JSON, or the pointer that Git LFS
        or git-annex keeps in the place of a file.
    """
    mistake = _binary(head) or _markup(head, path) or _stand_in(head)
    if mistake is not None:
        raise IngestError(
            f"this is {mistake.what}, not a text table",
            file=path,
            expected="comma or tab separated text",
            found=mistake.found,
            hint=mistake.hint,
        )


def _binary(head: bytes) -> _Mistake | None:
    if head.startswith(b"PK\x03\x04"):
        for word, what, hint in _IN_ZIP:
            if word in head[:_LOOKED_AT]:
                return _Mistake(what, hint)
    for magic, what, hint in _BINARY:
        if head.startswith(magic):
            return _Mistake(what, hint)
    if head[8:12] == b"DUCK":
        return _Mistake("a DuckDB database", _EXPORT)
    if head[_TAR_MAGIC] == b"ustar":
        return _Mistake("a tar archive", _UNPACK)
    return None


def _markup(head: bytes, path: Path) -> _Mistake | None:
    start = head[:_LOOKED_AT].lstrip()
    if not _MARKUP.match(start):
        return None
    lower = start.lower()
    if b"urn:schemas-microsoft-com:office" in lower or (
        b"<table" in lower and path.suffix.lower() in (".xls", ".xlsx")
    ):
        return _Mistake(
            "a spreadsheet that a program wrote as HTML or XML under the name .xls",
            "open it in a spreadsheet program and save it as csv or .xlsx",
        )
    title = _TITLE.search(start)
    found = title[1].decode("utf-8", "replace")[:80] if title and title[1] else None
    if b"<html" not in lower and b"<!doctype html" not in lower and lower.startswith(b"<?xml"):
        return _Mistake(
            "an XML document",
            "where a download gives one, it tells of an error: open the file in an editor",
            start[:80].decode("utf-8", "replace").splitlines()[0],
        )
    return _Mistake(
        "an HTML page",
        "the link leads to a page (a login, a licence, an error): open it in a browser and "
        "download the file itself",
        None if found is None else f"a page named `{' '.join(found.split())}`",
    )


def _stand_in(head: bytes) -> _Mistake | None:
    if head.startswith(b"version https://git-lfs"):
        return _Mistake("a pointer of Git LFS", "fetch the file itself: git lfs pull")
    if b"annex/objects/" in head[:512].split(b"\n", 1)[0]:
        return _Mistake("a pointer of git-annex", "fetch the file itself: git annex get FILE")
    if _JSON.match(head.lstrip()):
        return _Mistake(
            "JSON",
            "a download gives JSON where it failed (look into the file); else export a table",
            head.lstrip()[:60].decode("utf-8", "replace").splitlines()[0],
        )
    return None
