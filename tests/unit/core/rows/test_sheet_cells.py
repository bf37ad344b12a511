"""Cells as XML: escaped, exact, and none where nothing is."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from cohortmart.core.rows.sheet_cells import column_letters, fill_sheets


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA")])
def test_letters_of_columns(number: int, letters: str) -> None:
    assert column_letters(number) == letters


def test_any_value(tmp_path: Path) -> None:
    import xlsxwriter

    columns = {
        "text": ["<a & 'b'>", "", None, " _x000D_ ", "a\x01b\nc"],
        "real": [1 / 3, 5e-324, None, float("nan"), float("-inf")],
        "whole": [1, 2**53, None, 0, -7],
        "truth": [True, False, None, True, True],
    }
    skeleton = io.BytesIO()
    with xlsxwriter.Workbook(skeleton) as book:
        sheet = book.add_worksheet("x")
        for j, name in enumerate(columns):
            sheet.set_column(j, j, 10, book.add_format({"bold": j == 1}))
            sheet.write_string(0, j, name)
        book.add_worksheet("empty").write_string(0, 0, "text")
    table = pa.table(columns)
    fill_sheets(
        skeleton.getvalue(), {1: lambda: table, 2: lambda: table.slice(0, 0)}, tmp_path / "x.xlsx"
    )
    made = openpyxl.load_workbook(tmp_path / "x.xlsx")
    _, *rows = made["x"].iter_rows(values_only=True)
    assert rows == [
        ("<a & 'b'>", 1 / 3, 1, True),
        ("", 5e-324, 2**53, False),
        (None, None, None, None),
        (" _x000D_ ", "NaN", 0, True),
        ("ab\nc", "-inf", -7, True),
    ]
    assert made["x"]["B2"].font.bold
    assert made["empty"].max_row == 1
