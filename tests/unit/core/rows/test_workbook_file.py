"""Excel file of rows: batches below one header, and no more rows than Excel takes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.rows.workbook_file import write_workbook

TABLE = pa.table(
    {
        "=name": ["=1+1", "SEPT2", None],
        "x": [1 / 3, None, float("nan")],
        "is_found": [True, False, None],
        "day": [date(2020, 1, 31), None, None],
        "sum": pa.array([Decimal("12.50"), None, Decimal("3")], pa.decimal128(38, 2)),
        "parts": [[1, 2], [], None],
    }
)


def test_every_batch_stands_below_the_one_before(tmp_path: Path):
    path = tmp_path / "x.xlsx"
    write_workbook(TABLE.to_reader(max_chunksize=2), path)
    sheet = openpyxl.load_workbook(path)["rows"]
    assert list(sheet.iter_rows(values_only=True)) == [
        ("=name", "x", "is_found", "day", "sum", "parts"),
        ("=1+1", 1 / 3, True, "2020-01-31", 12.5, "[1, 2]"),
        ("SEPT2", None, False, None, None, "[]"),
        (None, "NaN", None, None, 3, None),
    ]
    assert sheet["A2"].data_type != "f"


def test_no_rows_leave_a_header(tmp_path: Path):
    write_workbook(TABLE.slice(0, 0).to_reader(), tmp_path / "x.xlsx")
    assert openpyxl.load_workbook(tmp_path / "x.xlsx")["rows"].max_row == 1


def test_the_same_rows_give_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        write_workbook(TABLE.to_reader(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_more_rows_than_excel_takes_are_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("cohortmart.core.rows.workbook_file.EXCEL_ROWS", 2)
    write_workbook(TABLE.slice(0, 2).to_reader(), tmp_path / "x.xlsx")
    with pytest.raises(InputError, match="csv or parquet"):
        write_workbook(TABLE.to_reader(), tmp_path / "x.xlsx")


def test_without_xlsxwriter_it_says_how_to_get_it(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("cohortmart.core.rows.workbook_file.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'cohortmart\[xlsx\]'"):
        write_workbook(TABLE.to_reader(), tmp_path / "x.xlsx")
