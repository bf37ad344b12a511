"""CSV for spreadsheets: known as UTF-8, and no text of it runs."""

from __future__ import annotations

import csv

import pyarrow as pa
import pytest

from cohortmart.core.rows.text_files import csv_pieces


def rows(table: pa.Table) -> list[list[str]]:
    text = b"".join(csv_pieces(table.to_reader(), for_spreadsheets=True)).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def test_excel_knows_it_for_utf_8():
    (mark, *_) = csv_pieces(pa.table({"a": ["ä"]}).to_reader(), for_spreadsheets=True)
    assert mark == b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("＝1", "'＝1"),
        ("\tx", "'\tx"),
        ("+", "+"),
        ("-", "-"),
        ("-1.5e-7", "-1.5e-7"),
        ("+.5", "+.5"),
        ("SEPT2", "SEPT2"),
        ("a=b", "a=b"),
        ("Ä", "Ä"),
    ],
)
def test_no_text_runs_as_a_formula(text: str, shown: str):
    assert rows(pa.table({"a": [text], "=b": [1]})) == [["a", "'=b"], [shown, "1"]]


def test_numbers_stay_exact_and_negative():
    table = pa.table({"x": [-1 / 3, 5e-324, None], "n": [-(2**62), 0, None], "l": [[1], [], None]})
    assert rows(table)[1:] == [
        ["-0.3333333333333333", str(-(2**62)), "[1]"],
        ["5e-324", "0", "[]"],
        ["", "", ""],
    ]


def test_other_programs_get_texts_as_they_are():
    table = pa.table({"=a": ["=b"]})
    assert b"".join(csv_pieces(table.to_reader())) == b"=a\n=b\n"
