"""A raw file is opened once and its beginning can be read again and again."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from cohortmart.core.errors import IngestError
from ingest.read.text import raw_file
from ingest.read.text.raw_file import RawFile
from tests.support.opened_files import count_opened

ROWS = b"".join(b"cg%08d,0.%04d\n" % (i, i) for i in range(10_000))
TEXT = b"probe,S1\n" + ROWS


def text_of(file: RawFile) -> bytes:
    with file.text() as stream:
        return stream.read()


@pytest.mark.parametrize("held", [0, 1 << 10, raw_file.HELD_BYTES])
@pytest.mark.parametrize("packed", [False, True])
def test_one_opening_gives_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int, packed: bool
) -> None:
    monkeypatch.setattr(raw_file, "HELD_BYTES", held)
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(TEXT) if packed else TEXT)
    with count_opened() as opened, RawFile(path) as file:
        assert file.lines(2) == ["probe,S1", "cg00000000,0.0000"]
        assert text_of(file) == TEXT
        assert file.text_format().name == ("csv+gzip" if packed else "csv")
        assert file.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert b"".join(file.pieces()) == TEXT
        with file.text() as stream:
            stream.readline()  # left in the middle
        assert file.lines(1) == ["probe,S1"]
        assert text_of(file) == TEXT
    assert opened[path] == 1 + 1  # of which one is this test's


def test_a_truncated_file_stays_truncated(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(TEXT)[:-100])
    with RawFile(path) as file:
        for _ in range(3):
            with pytest.raises(IngestError, match="truncated"):
                text_of(file)


def test_first_rows_tell_how_many_there_are(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"# comment\n" + TEXT)
    with RawFile(path) as file:
        rows = file.first_rows(2)
        assert rows.lines[0] == b"cg00000000,0.0000\n"
        assert rows.estimated == 10_000
        assert file.first_rows(10_002).estimated == 1


def test_gzip_says_how_long_its_text_is_unless_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(TEXT))
    with RawFile(path) as file:
        assert file.first_rows(1).text_bytes == len(TEXT)
    text = b"gene\tS1\n" + b"G\t1\n" * 10_000  # shrinks so far that the size may be a remainder
    path.write_bytes(gzip.compress(text))
    with RawFile(path) as file:
        assert file.first_rows(1).text_bytes == 4 * path.stat().st_size
    path.write_bytes(text)
    with RawFile(path) as file:
        assert file.first_rows(1).text_bytes == len(text)
