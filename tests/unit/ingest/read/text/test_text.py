"""What a text file is, and what is said when it is none."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import IngestError
from ingest.read.text.delimited import TextFormat, split_line
from ingest.read.text.raw_file import RawFile, open_text, sha256_of
from ingest.read.text.utf8 import checked_utf8

COMPRESSORS = {
    "none": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
TEXT = "gene,A,B\nTP53,1,2\nÅ1,3,4\n".encode()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def content(path: Path) -> bytes:
    with open_text(path) as stream:
        return stream.read()


def fault(path: Path) -> IngestError:
    with pytest.raises(IngestError) as caught:
        content(path)
    assert str(path) in str(caught.value)
    return caught.value


def format_of(path: Path) -> TextFormat:
    with RawFile(path) as file:
        return file.text_format()


@pytest.mark.parametrize("compression", COMPRESSORS)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_compression_and_byte_order_mark_are_taken_from_the_bytes(
    tmp_path: Path, compression: str, bom: bytes
) -> None:
    # A name that lies must not matter.
    path = written(tmp_path / "counts.csv", COMPRESSORS[compression](bom + TEXT))
    form = format_of(path)
    assert form.compression == compression
    assert form.encoding == ("utf-8-sig" if bom else "utf-8")
    assert form.name == ("csv" if compression == "none" else f"csv+{compression}")
    assert content(path) == TEXT


@pytest.mark.parametrize(
    ("text", "delimiter", "line_end"),
    [
        ("g,A,B\n1,2,3\n", ",", "\n"),
        ("g\tA\tB\r\n1\t2\t3\r\n", "\t", "\r\n"),
        ("g;A;B\n1;2,5;3\n", ";", "\n"),
        ('"a,b,c";B;C\n1;2;3\n', ";", "\n"),
        ('"a;b;c;d",B\n1,2\n', ",", "\n"),
        ("A\nTP53\t1\n", "\t", "\n"),  # R's missing corner cell above one sample
        ("A, first\tB, second\n1\t2\n", "\t", "\n"),
    ],
)
def test_delimiter_and_line_end_come_from_the_header(
    tmp_path: Path, text: str, delimiter: str, line_end: str
) -> None:
    form = format_of(written(tmp_path / "x.txt", text.encode()))
    assert (form.delimiter, form.line_end) == (delimiter, line_end)


def test_several_frames_behind_each_other_are_one_text(tmp_path: Path) -> None:
    half = len(TEXT) // 2
    for name in ("gzip", "zstd", "bz2", "xz"):
        pack = COMPRESSORS[name]
        path = written(tmp_path / name, pack(TEXT[:half]) + pack(TEXT[half:]))
        assert content(path) == TEXT, name


@pytest.mark.parametrize("compression", ["gzip", "zstd", "bz2", "xz"])
def test_truncated_compressed_file_is_an_error_wherever_it_is_cut(
    tmp_path: Path, compression: str
) -> None:
    text = b"".join(b"g%d,%d\n" % (i, i * i % 997) for i in range(5000))
    packed = COMPRESSORS[compression](text)
    for keep in (12, len(packed) // 2, len(packed) - 1):
        error = fault(written(tmp_path / f"x{keep}", packed[:keep]))
        assert "truncated" in str(error), (compression, keep, error)
        assert error.hint is not None


@pytest.mark.parametrize("compression", ["gzip", "zstd", "bz2", "xz"])
def test_damaged_compressed_file_is_an_error(tmp_path: Path, compression: str) -> None:
    packed = bytearray(COMPRESSORS[compression](TEXT * 50))
    packed[len(packed) // 2] ^= 0xFF
    assert compression in str(fault(written(tmp_path / "x", bytes(packed))))


def test_missing_file_folder_and_empty_file(tmp_path: Path) -> None:
    assert "does not exist" in str(fault(tmp_path / "no.csv"))
    assert "folder" in str(fault(tmp_path))
    assert "empty" in str(fault(written(tmp_path / "a", b"")))
    assert "empty" in str(fault(written(tmp_path / "b", gzip.compress(b""))))
    assert "empty" in str(fault(written(tmp_path / "c", b"\xef\xbb\xbf")))


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"PK\x03\x04\x14", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1", "Excel"),
        (gzip.compress(b"X\n\x00\x00\x00\x03", mtime=0), "RDS"),
        (lzma.compress(b"RDX3\nX\n"), "RData"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"a,b\n1,\x00\n", "NUL"),
    ],
)
def test_binary_files_are_called_what_they_are(tmp_path: Path, head: bytes, word: str) -> None:
    error = fault(written(tmp_path / "x.csv", head))
    assert word in str(error)
    assert error.hint is not None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused_with_a_way_out(tmp_path: Path, encoding: str) -> None:
    error = fault(written(tmp_path / "x.csv", "g,A\nTP53,1\n".encode(encoding)))
    assert "UTF-16" in str(error)
    assert "iconv" in str(error.hint)
    assert error.line == 1


def test_other_encodings_are_refused_with_line_and_byte_offset(tmp_path: Path) -> None:
    head = "gene,Jörg\nÅ,1\n".encode()
    error = fault(written(tmp_path / "x.csv", head + "Å,2\n".encode("latin-1")))
    assert error.line == 3
    assert f"byte c5 at byte offset {len(head)}" in str(error.found)
    assert "iconv" in str(error.hint)


def test_file_that_ends_inside_a_character_is_truncated(tmp_path: Path) -> None:
    assert "truncated" in str(fault(written(tmp_path / "x.csv", "g,A\nÅ".encode()[:-1])))


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40), st.integers(1, 7)
)
def test_utf8_passes_however_it_is_cut(text: str, size: int) -> None:
    data = text.encode()
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    if data[:2] in (b"X\n", b"PK") or data.startswith((b"RDX", b"PAR1", b"IDAT", b"\xef\xbb\xbf")):
        return
    assert b"".join(checked_utf8(pieces, Path("x"))) == data


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), st.integers(1, 5)
)
def test_the_offset_of_a_bad_byte_is_right_however_the_text_is_cut(text: str, size: int) -> None:
    head = b"g," + text.encode()
    data = head + b"\xff,1\n"
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    with pytest.raises(IngestError) as caught:
        list(checked_utf8(pieces, Path("x")))
    assert caught.value.line == head.count(b"\n") + 1
    assert f"byte ff at byte offset {len(head)}" in str(caught.value.found)


def test_a_character_left_open_at_the_end_of_a_piece_is_not_forgotten() -> None:
    with pytest.raises(IngestError) as caught:
        list(checked_utf8([b"g\n\xc3", b"abc\n"], Path("x")))
    assert caught.value.line == 2
    assert "byte c3 at byte offset 2" in str(caught.value.found)


def test_carriage_returns_alone_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", b"g,A\rTP53,1\r")
    with pytest.raises(IngestError, match="carriage return alone"):
        format_of(path)


def test_lines_and_fields(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", b'a,"b, ""c"""\r\n1,2\r\n')
    with RawFile(path) as file:
        assert file.lines(5) == ['a,"b, ""c"""', "1,2"]
    assert split_line('a,"b, ""c"""', ",", path, 1) == ["a", 'b, "c"']
    with pytest.raises(IngestError, match="quote"):
        split_line('a,"b', ",", path, 3)


def test_sha256_is_that_of_the_bytes_on_disk(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT)
    assert sha256_of(written(tmp_path / "x", packed)) == hashlib.sha256(packed).hexdigest()
    with pytest.raises(IngestError, match="does not exist"):
        sha256_of(tmp_path / "no")
