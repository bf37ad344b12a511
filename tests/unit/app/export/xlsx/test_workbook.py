"""Workbooks: names stay text, numbers stay numbers, whoever opens them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import fastexcel
import openpyxl
import pytest

from cohortmart.app.export.pipeline import export_study
from tests.support.export_warehouse import GENES, NAMES, export_warehouse, result

SHOWN = [
    "feature_id", "gene_name", "log_fc", "ci_low", "ci_high", "ave_expr", "t", "p_value",
    "adj_p_value", "is_found",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = export_warehouse(tmp_path_factory.mktemp("study") / "out")
    export_study(home, "xlsx")
    return home.exports / "xlsx"


@pytest.fixture(scope="module")
def book(folder: Path) -> Any:
    return openpyxl.load_workbook(folder / "rna_all.xlsx")


def test_a_sheet_for_each_contrast(folder: Path, book: Any) -> None:
    assert sorted(p.name for p in folder.glob("*.xlsx")) == [
        "betas.xlsx", "npx.xlsx", "rna_all.xlsx",
    ]  # fmt: skip
    assert book.sheetnames == [
        "README", "MS_PP-1st", "MSvsHP_a_very_long_name_of_a_co", "MSvsHP_a_very_long_name_of_a_~2",
        "anna_PP_1st",
    ]  # fmt: skip


def test_rows_are_those_of_the_table_by_p_value(book: Any) -> None:
    sheet = book["MS_PP-1st"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert list(header) == SHOWN
    expected = []
    for k in (2, 1, 0):
        numbers = [result(0, k)[name] for name in SHOWN[2:-1]]
        expected.append((GENES[k], NAMES[k], *numbers, k == 2))
    assert rows == expected


def test_names_are_text_and_p_values_are_numbers(book: Any) -> None:
    sheet = book["MS_PP-1st"]
    for row in (2, 3, 4):
        for column in "AB":
            cell = sheet[f"{column}{row}"]
            assert (cell.data_type, cell.number_format) == ("s", "@")
        assert (sheet[f"H{row}"].data_type, sheet[f"H{row}"].number_format) == ("n", "0.00E+00")
    assert sheet["B4"].value == "=cmd|' /C calc'!A0"
    assert sheet["J2"].data_type == "b"


def test_header_stays_and_filters(book: Any) -> None:
    sheet = book["MS_PP-1st"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.dimensions) == (
        "B2", "A1:J4", "A1:J4",
    )  # fmt: skip
    assert sheet.column_dimensions["A"].width > 20


def test_readme_says_what_stands_where(book: Any) -> None:
    rows = [row for row in book["README"].iter_rows(values_only=True) if row[0]]
    said = {row[0]: row for row in rows}
    assert said["study"][1] == "small"
    assert said["found means"][1] == "P < 0.01, adjusted P < 0.05"
    assert said["rows"][1].startswith("all features")
    assert said["MSvsHP_a_very_long_name_of_a_~2"][1:] == (
        "MSvsHP_a_very_long_name_of_a_contrast_indeed_2",
        "change in MSvsHP_a_very_long_name_of_a_contrast_indeed_2",
        3, 1, 0,
    )  # fmt: skip
    assert said["p_value"][2] == "Two-sided P value."
    assert [name for name in SHOWN if name not in said] == []


def test_another_reader_finds_the_same(folder: Path) -> None:
    reader = fastexcel.read_excel(folder / "betas.xlsx")
    sheet = reader.load_sheet("MS_PP").to_polars()
    assert sheet["feature_id"].to_list() == ["cg2", "cg1"]
    assert sheet["delta_beta"].to_list() == [result(0, 1)["delta_beta"], None]
    assert sheet["is_found"].to_list() == [True, False]


def test_a_large_analysis_shows_what_was_found_and_the_smallest_p_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = export_warehouse(tmp_path / "out")
    monkeypatch.setattr("cohortmart.app.export.xlsx.workbook.MOST_FEATURES", 2)
    monkeypatch.setattr("cohortmart.app.export.xlsx.workbook.TOP", 0)
    export_study(home, "xlsx", tmp_path / "found", analyses=["rna_all"])
    monkeypatch.setattr("cohortmart.app.export.xlsx.workbook.TOP", 2)
    export_study(home, "xlsx", tmp_path / "top", analyses=["rna_all"])
    ids = {}
    for name in ("found", "top"):
        book = openpyxl.load_workbook(tmp_path / name / "rna_all.xlsx")
        sheet = book["MS_PP-1st"]
        ids[name] = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert sheet.auto_filter.ref == f"A1:J{len(ids[name]) + 1}"
        said = {row[0]: row[1] for row in book["README"].iter_rows(values_only=True)}
        assert "those found" in said["rows"]
    assert ids == {"found": ["ENSG2"], "top": ["ENSG2", "ENSG1"]}


def test_same_tables_same_bytes(folder: Path, tmp_path: Path) -> None:
    export_study(export_warehouse(tmp_path / "out"), "xlsx", tmp_path / "again")
    path = tmp_path / "again" / "rna_all.xlsx"
    assert path.read_bytes() == (folder / "rna_all.xlsx").read_bytes()
    with zipfile.ZipFile(path) as parts:
        assert {entry.date_time[0] for entry in parts.infolist()} == {1980}
        assert parts.testzip() is None
