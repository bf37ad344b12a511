"""Web pages, archives and pointers in the place of a table: one clear message each."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from cohortmart.core.errors import IngestError
from ingest.read.text.raw_file import RawFile


def _zip(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "a,b\n1,2\n")
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("GSM1_counts.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"a\tb\n"))
    return stream.getvalue()


LOGIN = b"\n <!DOCTYPE html>\n<html><head><title>\n Sign in </title></head><body></body></html>"
CASES = {
    "login": (LOGIN, "an HTML page", "`Sign in`", "browser"),
    "upper": (b"<HTML><BODY>404</BODY></HTML>", "an HTML page", None, "browser"),
    "table": (b"<table><tr><td>1</td></tr></table>", "an HTML page", None, "browser"),
    "bom": (b"\xef\xbb\xbf<html></html>", "an HTML page", None, "browser"),
    "office": (
        b'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table/></html>',
        "a spreadsheet that a program wrote as HTML or XML",
        None,
        "save it as csv",
    ),
    "xml": (b'<?xml version="1.0"?><Error/>', "an XML document", "<?xml", "error"),
    "json": (b'{"message": "Not found"}', "JSON", "Not found", "failed"),
    "json list": (b'[\n {"a": 1}]', "JSON", None, "failed"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document", None, "csv"),
    "lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "a pointer of Git LFS",
        None,
        "git lfs pull",
    ),
    "annex": (b"/annex/objects/MD5E-s1--0.csv\n", "a pointer of git-annex", None, "git annex get"),
    "zip": (_zip("counts.csv"), "a zip archive", None, "unpack"),
    "docx": (_zip("word/document.xml"), "a Word document", None, "csv"),
    "xlsx": (_zip("xl/workbook.xml"), "an Excel workbook", None, "csv"),
    "tar": (_tar(), "a tar archive", None, "unpack"),
    "twice": (gzip.compress(gzip.compress(b"a,b\n")), "compressed twice", None, "gunzip"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_table_is_named(tmp_path: Path, name: str) -> None:
    content, what, found, hint = CASES[name]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with RawFile(path) as file, pytest.raises(IngestError) as raised:
        file.text_format()
    said = str(raised.value)
    assert what in said
    assert hint in said
    assert found is None or found in said


@pytest.mark.parametrize(
    "content",
    [
        b"<5,a\n1,2\n",
        b"[Header],,\n[Data],,\na,b,c\n",
        b"[1],x\n",
        b"{a},b\n1,2\n",
        b"version,1\n",
        b"<dl>,a\n",
        b"P-value,a\n",
    ],
)
def test_tables_are_let_through(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with RawFile(path) as file:
        assert file.text_format().delimiter == ","
