"""Sample sheets as people have them: titles, comments, row names, worksheets, sections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.study.records import Assay, SampleSheet, Study
from ingest.check.samples import match_columns
from ingest.read.samples.sample_sheet import Samples, read_samples

ROLES = {"sample": "id", "subject": "person", "group": "arm", "timepoint": "visit"}
HEAD = "id,person,arm,visit"
BODY = "S2,007,MS,1st\nS1,007,MS,BP\n"
TEXT = f"{HEAD}\n{BODY}"
Read = Callable[..., Samples]


def _study(file: Path, kind: str = "counts", **block: Any) -> Study:
    return Study(
        study="t",
        samples=(SampleSheet(**{"file": file, **ROLES, **block}),),
        timepoints=("BP", "1st"),
        groups=("MS",),
        assays={"a": Assay(kind=kind, files=(file.parent / "m.csv",))},
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def go(content: str, **block: Any) -> Samples:
        file = tmp_path / "sheet"
        file.write_text(content)
        return read_samples(_study(file, **block))

    return go


SHAPES = {
    "title": (f"Table 1. Samples\n{TEXT}", "the header is line 2; line 1 above it (`Table 1."),
    "title with commas": (f'"Table 1, samples"\n\n{TEXT}', "the header is line 3; line 1"),
    "unquoted commas": (f"Table 1, of samples, of 2020\n{TEXT}", "line 1 above it"),
    "padded title": (f"Table 1. Samples,,,\n,,,\n{TEXT}", "the header is line 3"),
    "two titles": (f"Table 1\nof the study,,,\n{TEXT}", "lines 1, 2 above it"),
    "headings of columns": (f"Names,,Roles,\n{TEXT}", "line 1 above it (`Names Roles`)"),
    "comments": (f"# made in 2020, by me\n#\n{TEXT}#S9,008,MS,BP\n", "3 lines that begin with #"),
    "comment below": (f"{HEAD}\nS2,007,MS,1st\n# the next is a control\nS1,007,MS,BP\n", "line 3"),
    "tabs below commas": (f"Samples, of 2020\n{TEXT.replace(',', chr(9))}", "line 1 above it"),
    "hash before the header": (f"#{TEXT}", None),
    "blank lines between": (TEXT.replace("S1", "\n,,,\n\nS1"), None),
    "empty columns": (TEXT.replace("\n", ",,\n"), None),
    "separator at the end of rows": (f"{HEAD}\n{BODY.replace(chr(10), f',{chr(10)}')}", None),
    "separator at the end of the header": (f"{HEAD},\n{BODY}", None),
    "write.csv": (TEXT.replace("id", '""', 1), "first column, which has no name"),
    "write.table": (TEXT.removeprefix("id,"), "first column, which has no name"),
    "pandas": (TEXT.replace("id", "Unnamed: 0", 1), "named `Unnamed: 0`"),
    "readr": (TEXT.replace("id", "...1", 1), "named `...1`"),
    "illumina": (
        f"[Header],,,\nInvestigator Name,N N,,\n[Manifests],,,\nA,EPIC,,\n[Data],,,\n{TEXT}",
        "the table below [Data] (line 5)",
    ),
    "illumina, not padded": (f"[Header]\nDate,1/1/2020\n\n[Data]\n{TEXT}", "below [Data]"),
    "illumina, further sections": (
        f"[Header]\n[Data]\n{TEXT}[Settings]\nAdapter,ACGT\n",
        "below [Data]",
    ),
    "bcl convert": (f"[Header]\n[BCLConvert_Data]\n{TEXT}\n[Cloud_Data]\nx,y\n1,2\n", "BCLConvert"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_gives_the_same_table(read: Read, name: str) -> None:
    content, note = SHAPES[name]
    got = read(content)
    assert got.table.equals(read(TEXT).table)
    assert got.notes == () if note is None else any(note in said for said in got.notes)


def test_a_title_is_passed_over_where_no_column_is_found(read: Read) -> None:
    with pytest.raises(InputError, match="no column `id`") as caught:
        read(f"Table 1. Samples\n{TEXT.replace('id', 'name', 1).replace('arm', 'armm')}")
    assert caught.value.line == 2
    assert caught.value.found == "name, person, armm, visit"


def test_names_that_all_begin_with_a_hash_are_no_comments(read: Read) -> None:
    got = read(TEXT.replace("S1", "#S1").replace("S2", "#S2"))
    assert got.table["sample_id"].to_pylist() == ["#S1", "#S2"]


def test_row_names_stand_for_people_in_a_sheet_of_people(tmp_path: Path) -> None:
    (tmp_path / "samples").write_text(TEXT)
    (tmp_path / "people").write_text('"",age\n007,31\n')
    study = _study(tmp_path / "samples").model_copy(
        update={
            "samples": (
                SampleSheet(file=tmp_path / "samples", **ROLES),
                SampleSheet(file=tmp_path / "people", subject="person", covariates=("age",)),
            )
        }
    )
    assert read_samples(study).table["age"].to_pylist() == [31.0, 31.0]


@pytest.mark.parametrize("word", ["-", ".", "NULL", "n/a", "<NA>", "#N/A"])
def test_a_covariate_may_be_missing_in_many_words(read: Read, word: str) -> None:
    got = read(f"{HEAD},age\nS2,007,MS,1st,31\nS1,007,MS,BP,{word}\n", covariates=("age",))
    assert got.table["age"].to_pylist() == [None, 31.0]


def _workbook(file: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return file


ROWS: list[list[Any]] = [line.split(",") for line in TEXT.splitlines()]


@pytest.mark.parametrize("asked", ["Samples 2020", "samples 2020", "2"])
def test_a_worksheet_is_chosen_by_name_or_number(tmp_path: Path, read: Read, asked: str) -> None:
    sheets = {"Read me": [["Ask me"]], "Samples 2020": ROWS, "Old": [["x"]]}
    file = _workbook(tmp_path / "s.xlsx", sheets)
    assert read_samples(_study(file, sheet=asked)).table.equals(read(TEXT).table)


@pytest.mark.parametrize("first", [[["Ask me"]], [], [["x", "y"], [1, 2]]])
def test_worksheets_are_named_where_the_first_has_no_samples(
    tmp_path: Path, first: list[list[Any]]
) -> None:
    file = _workbook(tmp_path / "s.xlsx", {"Read me": first, "Samples": ROWS, "Old": [["x"]]})
    with pytest.raises(InputError) as caught:
        read_samples(_study(file))
    for word in ("`Read me`", "`Samples`", "`Old`", "write `sheet: Samples`"):
        assert word in (caught.value.hint or "")


def test_a_worksheet_that_is_not_there_is_named_with_the_others(tmp_path: Path) -> None:
    file = _workbook(tmp_path / "s.xlsx", {"Read me": [["x"]], "Samples": ROWS})
    with pytest.raises(InputError, match="no worksheet `Sample`") as caught:
        read_samples(_study(file, sheet="Sample"))
    assert caught.value.found == "`Read me`, `Samples`"
    assert "Samples" in (caught.value.hint or "")


def test_a_title_in_merged_cells_of_a_workbook_is_passed_over(tmp_path: Path, read: Read) -> None:
    file = _workbook(tmp_path / "s.xlsx", {"S": [["Samples"], [], *ROWS, [None, None]]})
    book = openpyxl.load_workbook(file)
    book["S"].merge_cells("A1:D1")
    book.save(file)
    got = read_samples(_study(file))
    assert got.table.equals(read(TEXT).table)
    assert "the header is line 3" in got.notes[0]


ARRAYS = {
    "Illumina": ("Sentrix_ID,Sentrix_Position", "209900010001,R0{n}C01"),
    "Illumina, older": ("SentrixBarcode_A,SentrixPosition_A", "209900010001,R0{n}C01"),
    "GenomeStudio": ("Sentrix Barcode,Sample Section", "209900010001,R0{n}C01"),
    "chip": ("Chip_ID,Row", "209900010001,R0{n}C01"),
    "minfi": ("Slide,Array", "209900010001,R0{n}C01"),
    "pandas": ("Sentrix_ID,Sentrix_Position", "209900010001.0,R0{n}C01"),
    "Basename": ("Basename", "/idat/209900010001/209900010001_R0{n}C01"),
    "idat": ("file", "209900010001_R0{n}C01_Grn.idat"),
}


def _with_arrays(columns: str, cells: str) -> str:
    rows = [f"{row},{cells.format(n=n)}" for n, row in enumerate(BODY.splitlines(), start=1)]
    return "\n".join([f"{HEAD},{columns}", *rows, ""])


@pytest.mark.parametrize("before", ["", "X"])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_name_the_columns_of_betas(tmp_path: Path, name: str, before: str) -> None:
    file = tmp_path / "sheet"
    file.write_text(_with_arrays(*ARRAYS[name]))
    study = _study(file, kind="beta")
    samples = read_samples(study)
    names = [f"{before}209900010001_R0{n}C01" for n in (1, 2)]
    matched = match_columns(study, samples, {"a": names})
    assert matched.sample_ids == {"a": ("S2", "S1")}
    assert "2 columns of the matrix found by the array" in matched.notes[0]
    assert match_columns(study, samples, {"a": ["S1", "S2"]}).notes == ()


def test_an_array_of_two_samples_names_none_and_counts_have_no_arrays(tmp_path: Path) -> None:
    file = tmp_path / "sheet"
    file.write_text(_with_arrays("Sentrix_ID,Sentrix_Position", "209900010001,R01C01"))
    assert set(read_samples(_study(file, kind="beta")).names["a"]) == {"S1", "S2"}
    file.write_text(_with_arrays(*ARRAYS["minfi"]))
    assert set(read_samples(_study(file)).names["a"]) == {"S1", "S2"}


@pytest.mark.parametrize(
    ("sheet", "matrix", "hint"),
    [
        (("1", "2"), ("1.0", "2.0"), "decimals were added"),
        (("1.0", "2.0"), ("1", "2"), "decimals were added"),
        (("001", "002"), ("1", "2"), "leading zeros were lost"),
        (("1", "2"), ("001", "002"), "leading zeros were lost"),
        (("001", "002"), ("1.0", "2.0"), "leading zeros were lost"),
        (("209910010001", "209910020002"), ("2.0991E+11", "S"), "digits were lost"),
        (("1E+05", "2E+05"), ("100000", "200000"), "digits were lost"),
        (("MS-1 a", "MS-2 a"), ("ms_1_A", "ms_2_A"), "(is ms_1_A meant to be MS-1 a?)"),
        (("1-a", "2-a"), ("X1.a", "X2.a"), "R has changed the names"),
        (("S1", "S2"), ("S1", "S1_x"), "beside columns named as the samples"),
        (("S1", "S2"), ("S1_x", "S2_x"), "strip_suffix: _x"),
        (
            ("HP_1", "HP_2"),
            ("n_HP_1_x", "n_HP_2_y"),
            "(HP_1 in n_HP_1_x): write the matrix's names",
        ),
        (("S1", "S2"), ("S1", "coverage"), "a column that is no sample"),
    ],
)
def test_what_programs_do_to_names_is_guessed(
    tmp_path: Path, sheet: tuple[str, str], matrix: tuple[str, str], hint: str
) -> None:
    file = tmp_path / "sheet"
    file.write_text(f"{HEAD}\n{sheet[0]},007,MS,1st\n{sheet[1]},007,MS,BP\n")
    study = _study(file)
    with pytest.raises(InputError) as caught:
        match_columns(study, read_samples(study), {"a": matrix})
    assert hint in (caught.value.hint or "")


def test_slides_that_a_spreadsheet_rounded_are_named(tmp_path: Path) -> None:
    file = tmp_path / "sheet"
    file.write_text(_with_arrays("Sentrix_ID,Sentrix_Position", "2.0991E+11,R0{n}C01"))
    study = _study(file, kind="beta")
    with pytest.raises(InputError) as caught:
        match_columns(study, read_samples(study), {"a": ["209910010001_R01C01"]})
    assert "rounded the slides in the sheet's column `Sentrix_ID`" in (caught.value.hint or "")
