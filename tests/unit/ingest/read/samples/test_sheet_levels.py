"""Sheets of one group, of one visit, with numbers or dates as timepoints, and changing groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay, SampleSheet, Study
from ingest.read.samples.sample_sheet import Samples, read_samples

SHEET = "id,who,arm,week\nS1,p1,HP,0\nS2,p1,HP,4.0\nS3,p2,MS,0.0\nS4,p2,MS,12\n"
COLUMNS = {"sample": "id", "subject": "who"}
BOTH = {**COLUMNS, "group": "arm", "timepoint": "week"}
Read = Callable[..., Samples]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def go(*sheets: tuple[str, dict[str, Any]], **levels: tuple[str, ...]) -> Samples:
        blocks = []
        for n, (text, block) in enumerate(sheets):
            file = tmp_path / f"sheet{n}.csv"
            file.write_text(text)
            blocks.append(SampleSheet(file=file, **block))
        rna = Assay(kind="counts", files=(tmp_path / "m.csv",))
        return read_samples(Study(study="t", samples=tuple(blocks), assays={"rna": rna}, **levels))

    return go


def rows(samples: Samples, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in samples.table.select(list(columns)).to_pylist()]


def test_numbers_are_compared_as_numbers(read: Read) -> None:
    got = read((SHEET, BOTH), groups=("HP", "MS"), timepoints=("0", "4", "12"))
    assert rows(got, "timepoint", "visit_order") == [("0", 1), ("4", 2), ("0", 1), ("12", 3)]
    assert got.notes == ()


def test_numbers_that_fall_are_noted(read: Read) -> None:
    got = read((SHEET, BOTH), groups=("HP", "MS"), timepoints=("12", "4", "0"))
    assert rows(got, "visit_order") == [(3,), (2,), (3,), (1,)]
    assert any("12, 4, 0 do not rise" in note for note in got.notes)


def test_another_number_is_an_error(read: Read) -> None:
    with pytest.raises(IngestError, match=r"`4\.0` is not among the timepoints") as caught:
        read((SHEET, BOTH), groups=("HP", "MS"), timepoints=("0", "12"))
    assert (caught.value.line, caught.value.column) == (3, "week")


def test_dates_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["id", "who", "day"],
        ["S1", "p", datetime(2024, 2, 12)],
        ["S2", "p", "2024-01-15"],
    ):
        book.active.append(row)
    book.save(tmp_path / "s.xlsx")
    study = Study(
        study="t",
        samples=(SampleSheet(file=tmp_path / "s.xlsx", **COLUMNS, timepoint="day"),),
        timepoints=("2024-02-12", "2024-01-15"),
        assays={"rna": Assay(kind="counts", files=(tmp_path / "m.csv",))},
    )
    assert rows(read_samples(study), "timepoint", "visit_order") == [
        ("2024-02-12", 2),
        ("2024-01-15", 1),
    ]


def test_one_group_and_one_visit(read: Read) -> None:
    got = read((SHEET, {**COLUMNS, "visit_key": ["week"]}))
    assert rows(got, "study_group", "timepoint", "visit_order") == [("all", "once", 1)] * 4
    named = read((SHEET, COLUMNS), groups=("vac",), timepoints=("baseline",))
    assert rows(named, "study_group", "timepoint") == [("vac", "baseline")] * 4


def test_a_group_may_change(read: Read) -> None:
    crossed = SHEET.replace("S2,p1,HP", "S2,p1,MS")
    got = read((crossed, BOTH), groups=("HP", "MS"), timepoints=("0", "4", "12"))
    assert rows(got, "study_group") == [("HP",), ("MS",), ("MS",), ("MS",)]
    assert any("the group changes within 1 of 2 people" in note for note in got.notes)


def test_the_group_of_another_sheet(read: Read) -> None:
    levels: dict[str, Any] = {"groups": ("HP", "MS"), "timepoints": ("0", "4", "12")}
    visits = {**COLUMNS, "timepoint": "week"}
    people = ("person,group\np1,MS\np2,HP\n", {"subject": "person", "group": "group"})
    got = read((SHEET, visits), people, **levels)
    assert rows(got, "study_group") == [("MS",), ("MS",), ("HP",), ("HP",)]
    with pytest.raises(IngestError, match="different things about the group of sample S1"):
        read((SHEET, BOTH), people, **levels)


def test_a_sample_whose_group_is_open(read: Read) -> None:
    crossed = SHEET.replace("S2,p1,HP", "S2,p1,MS")
    arrays = (
        "array,who,week\nA1,p1,12\n",
        {"sample": "array", "subject": "who", "timepoint": "week"},
    )
    levels: dict[str, Any] = {"groups": ("HP", "MS"), "timepoints": ("0", "4", "12")}
    got = read((SHEET, BOTH), arrays, **levels)
    assert rows(got, "sample_id", "study_group")[0] == ("A1", "HP")
    with pytest.raises(IngestError, match="subject p1 is in several groups") as caught:
        read((crossed, BOTH), arrays, **levels)
    assert "too" in (caught.value.hint or "")


def test_a_date_is_no_number(read: Read) -> None:
    dated = SHEET.replace("week", "day").replace(",0\n", ",2024-01-15\n")
    with pytest.raises(IngestError, match="is not a number here") as caught:
        read((dated, {**COLUMNS, "covariates": ["day"]}))
    assert "days since the first visit" in (caught.value.hint or "")
