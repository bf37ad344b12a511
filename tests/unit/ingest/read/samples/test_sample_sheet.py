"""Sample sheets: every dialect gives the same rows, and every fault says where it is."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cohortmart.core.errors import IngestError, InputError
from cohortmart.core.schemas.tables import SAMPLE_COLUMNS
from cohortmart.core.study.records import Assay, SampleSheet, Study
from ingest.read.samples.sample_sheet import Samples, read_samples

ROLES = {"sample": "id", "subject": "person", "group": "arm", "timepoint": "visit"}
TEXT = "id,person,arm,visit,state,age\nS2,007,MS,1st,rest,31.5\nS1,007,MS,BP,rest,NA\n"
MakeStudy = Callable[..., Study]


@pytest.fixture
def make(tmp_path: Path) -> MakeStudy:
    def study(*blocks: dict[str, Any], assays: dict[str, Any] | None = None) -> Study:
        return Study(
            study="t",
            samples=tuple(SampleSheet(**block) for block in blocks),
            timepoints=("BP", "1st", "PP"),
            groups=("HP", "MS"),
            assays=assays or {"rna": Assay(kind="counts", files=(tmp_path / "m.csv",))},
        )

    return study


@pytest.fixture
def read(tmp_path: Path, make: MakeStudy) -> Callable[..., Samples]:
    def go(content: str | bytes, name: str = "samples.csv", **block: Any) -> Samples:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_samples(make({"file": file, **ROLES, **block}))

    return go


def workbook(file: Path, rows: list[list[Any]], sheets: int = 1) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for n in range(1, sheets):
        book.create_sheet(f"more{n}")
    book.save(file)
    return file


def fails(read: Callable[..., Samples], content: str | bytes, **block: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(content, **block)
    return caught.value


def test_rows_are_typed_and_sorted(read: Callable[..., Samples]) -> None:
    got = read(TEXT, visit_key=["state"], factors=["state"], covariates=["age"])
    assert got.table.schema.names == [*SAMPLE_COLUMNS.names, "state", "age"]
    common = {"subject_id": "007", "study_group": "MS", "group_order": 2, "cell_type": None}
    state = {"visit_key": "rest", "state": "rest"}
    assert got.table.to_pylist() == [
        {"sample_id": "S1", **common, "timepoint": "BP", "visit_order": 1, **state, "age": None},
        {"sample_id": "S2", **common, "timepoint": "1st", "visit_order": 2, **state, "age": 31.5},
    ]
    assert got.names == {"rna": {"S1": "S1", "S2": "S2"}}
    assert got.notes == (
        "no sample is of the timepoints PP that study.yml lists",
        "no sample is of the groups HP that study.yml lists",
    )


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace(",", "\t"),
        TEXT.replace(",", ";"),
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        gzip.compress(TEXT.encode(), mtime=0),
        TEXT.replace("S2", '" S2 "').replace("arm", " arm "),
        TEXT.rstrip("\n") + "\n\n,,,,,\n",
        TEXT.replace(",NA", ","),
        TEXT.replace(",NA", ",NaN"),
    ],
    ids=["tab", "semicolon", "crlf", "bom", "gzip", "spaces", "blank rows", "empty", "nan"],
)
def test_every_dialect_gives_the_same_table(
    read: Callable[..., Samples], content: str | bytes
) -> None:
    own: dict[str, Any] = {"visit_key": ["state"], "covariates": ["age"]}
    assert read(content, "other", **own).table.equals(read(TEXT, **own).table)


def test_workbook_gives_the_same_table_as_text(
    tmp_path: Path, make: MakeStudy, read: Callable[..., Samples]
) -> None:
    rows = [line.split(",") for line in TEXT.splitlines()]
    typed: list[list[Any]] = [rows[0], [*rows[1][:5], 31.5], [*rows[2][:5], None]]
    file = workbook(tmp_path / "samples.xlsx", typed, sheets=2)
    own: dict[str, Any] = {"visit_key": ["state"], "covariates": ["age"]}
    got = read_samples(make({"file": file, **ROLES, **own}))
    assert got.table.equals(read(TEXT, **own).table)
    assert got.sheets[0].format == "xlsx"
    assert "only the first, `Sheet`" in got.notes[0]


def test_sample_name_that_excel_made_a_date_is_refused(tmp_path: Path, make: MakeStudy) -> None:
    header = ["id", "person", "arm", "visit"]
    rows = [header, ["S1", 1, "MS", "BP"], [datetime(2024, 1, 2), 1, "MS", "1st"]]
    file = workbook(tmp_path / "samples.xlsx", rows)
    with pytest.raises(IngestError, match="Excel has turned this name into a date") as caught:
        read_samples(make({"file": file, **ROLES}))
    assert (caught.value.line, caught.value.column) == (3, "id")


def test_workbook_lines_are_excels_rows(tmp_path: Path, make: MakeStudy) -> None:
    book = openpyxl.Workbook()
    for n, row in enumerate([["id", "person", "arm", "visit"], ["S1", 1, "XX", "BP"]], start=3):
        for column, value in enumerate(row, start=2):
            book.active.cell(n, column, value)
    book.save(tmp_path / "samples.xlsx")
    with pytest.raises(IngestError, match="not among the groups") as caught:
        read_samples(make({"file": tmp_path / "samples.xlsx", **ROLES}))
    assert caught.value.line == 4


def test_broken_workbook(read: Callable[..., Samples]) -> None:
    assert "cannot be read" in fails(read, b"PK\x03\x04nonsense").problem


FAULTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (TEXT.replace("S1", ""), {}, {"line": 3, "column": "id", "problem": "missing"}),
    (TEXT.replace("S2,007", "S2,NA"), {}, {"line": 2, "column": "person", "found": "`NA`"}),
    (TEXT.replace("MS,1st", "Ms,1st"), {}, {"line": 2, "column": "arm", "hint": "`MS`"}),
    (TEXT.replace("MS,1st", ",1st"), {}, {"line": 2, "column": "arm", "problem": "missing"}),
    (TEXT.replace("1st", "first"), {}, {"line": 2, "column": "visit", "expected": "BP, 1st, PP"}),
    (TEXT.replace("visit", "Visit"), {}, {"line": 1, "hint": "`Visit`", "problem": "`visit`"}),
    (TEXT.replace("31.5", "31,5"), {}, {"line": 2, "expected": "6 fields", "found": "7"}),
    (
        TEXT.replace("31.5", '"31,5"'),
        {"covariates": ["age"]},
        {"line": 2, "column": "age", "hint": "31.5"},
    ),
    (TEXT.replace("31.5", "inf"), {"covariates": ["age"]}, {"line": 2, "column": "age"}),
    (TEXT.replace("31.5", "1e999"), {"covariates": ["age"]}, {"line": 2, "column": "age"}),
    (TEXT.replace("31.5", "95%"), {"covariates": ["age"]}, {"hint": "percent"}),
    (TEXT.replace("31.5", "old"), {"covariates": ["age"]}, {"hint": "`factors`"}),
    (TEXT.replace("S2", "S1"), {}, {"problem": "S1 is listed twice", "found": "line 2"}),
    (TEXT.replace("state", "arm"), {}, {"problem": "two columns are named `arm`", "line": 1}),
    (TEXT.replace("rest,N", ",N"), {"visit_key": ["state"]}, {"line": 3, "column": "state"}),
    (TEXT.replace("rest,N", ",N"), {"cell_type": "state"}, {"line": 3, "column": "state"}),
    (
        TEXT.replace("rest,N", "re|st,N"),
        {"visit_key": ["state", "age"]},
        {"line": 3, "column": "state"},
    ),
    (TEXT.split("\n")[0] + "\n", {}, {"problem": "no samples"}),
    ("\n\n", {}, {"problem": "empty"}),
    (TEXT.replace("S2,", 'S"2,"'), {}, {"problem": "quotes"}),
    (TEXT, {"factors": ["stat"]}, {"hint": "`state`"}),
    (
        TEXT.replace("id,", ",", 1).replace("S2", "1").replace("S1", "2"),
        {},
        {"hint": "without a name"},
    ),
    (TEXT.replace("id,", ",", 1).replace("S2", "S1"), {}, {"hint": "without a name"}),
    (TEXT, {"sheet": "samples"}, {"problem": "no workbook"}),
    ("[Header],\nDate,1\n", {}, {"problem": "no section [Data]", "found": "[Header]"}),
    ("[Header],\n[Data],\n", {}, {"problem": "no section [Data]"}),
]


@pytest.mark.parametrize(("content", "block", "said"), FAULTS)
def test_faults_say_where_they_are(
    read: Callable[..., Samples], content: str, block: dict[str, Any], said: dict[str, Any]
) -> None:
    if "state" in block.get("visit_key", ()) and "age" in block["visit_key"]:
        content = content.replace(",NA", ",x")
    error = fails(read, content, **block)
    assert error.file is not None
    for part, value in said.items():
        found = getattr(error, part)
        if part in ("line", "column"):
            assert found == value
        else:
            assert value in found


def test_quoted_line_break_does_not_shift_lines(read: Callable[..., Samples]) -> None:
    error = fails(read, TEXT.replace("rest,31.5", '"re\nst",31.5').replace("BP", "XX"))
    assert error.line == 4


def test_missing_file(tmp_path: Path, make: MakeStudy) -> None:
    with pytest.raises(IngestError) as caught:
        read_samples(make({"file": tmp_path / "none.csv", **ROLES}))
    assert caught.value.file == tmp_path / "none.csv"


def test_r_row_names_do_not_shift_the_columns(read: Callable[..., Samples]) -> None:
    lines = TEXT.splitlines()
    text = "\n".join([lines[0], *(f'"{n}",{line}' for n, line in enumerate(lines[1:]))])
    assert read(text).table.equals(read(TEXT).table)


def test_own_names_of_an_assay(tmp_path: Path, make: MakeStudy) -> None:
    file = tmp_path / "samples.csv"
    file.write_text("id,person,arm,visit,array\nS1,1,MS,BP,A1\nS2,1,MS,1st,NA\n")
    assays = {
        "rna": Assay(kind="counts", files=(tmp_path / "m",)),
        "methylation": Assay(kind="beta", files=(tmp_path / "b",), sample="array"),
    }
    got = read_samples(make({"file": file, **ROLES}, assays=assays))
    assert got.names == {"rna": {"S1": "S1", "S2": "S2"}, "methylation": {"A1": "S1"}}

    file.write_text(file.read_text().replace("NA", "A1"))
    with pytest.raises(IngestError, match="A1 means two samples in the assay methylation"):
        read_samples(make({"file": file, **ROLES}, assays=assays))

    assays["methylation"] = Assay(kind="beta", files=(tmp_path / "b",), sample="aray")
    with pytest.raises(IngestError, match=r"assays.methylation.sample names") as caught:
        read_samples(make({"file": file, **ROLES}, assays=assays))
    assert "`array`" in (caught.value.hint or "")


class TestSeveralSheets:
    FIRST = "id,person,arm,visit,cell\nR1,1,MS,BP,CD4\nR2,1,MS,1st,CD4\nR3,2,HP,BP,CD4\n"

    @pytest.fixture
    def join(self, tmp_path: Path, make: MakeStudy) -> Callable[..., Samples]:
        def go(second: str, **block: Any) -> Samples:
            (tmp_path / "a.csv").write_text(self.FIRST)
            (tmp_path / "b.csv").write_text(second)
            return read_samples(
                make(
                    {"file": tmp_path / "a.csv", **ROLES, "cell_type": "cell"},
                    {"file": tmp_path / "b.csv", "subject": "who", **block},
                )
            )

        return go

    def test_columns_of_a_subject(self, join: Callable[..., Samples]) -> None:
        got = join("who,sex,bmi\n1,F,22\n3,F,30\n", factors=["sex"], covariates=["bmi"])
        assert got.table["sex"].to_pylist() == ["F", "F", None]
        assert got.table["bmi"].to_pylist() == [22.0, 22.0, None]
        assert got.notes[0] == (
            "b.csv: a.csv has no sample for 1 of 2 rows, not used (the first is line 3, subject 3)"
        )

    def test_columns_of_a_visit(self, join: Callable[..., Samples]) -> None:
        got = join("who,t,edss\n1,1st,2.5\n", timepoint="t", covariates=["edss"])
        assert got.table["edss"].to_pylist() == [None, 2.5, None]

    def test_a_whole_key_adds_samples(self, join: Callable[..., Samples]) -> None:
        second = "m,who,t,cell\nM9,2,PP,CD4\nM1,1,BP,CD4\n"
        got = join(second, sample="m", timepoint="t", cell_type="cell")
        assert got.table["sample_id"].to_pylist() == ["M9", "R1", "R2", "R3"]
        assert got.table["study_group"].to_pylist() == ["HP", "MS", "MS", "HP"]
        assert got.names["rna"] == {"M1": "R1", "M9": "M9", "R1": "R1", "R2": "R2", "R3": "R3"}

    def test_part_of_the_key_adds_none(self, join: Callable[..., Samples]) -> None:
        got = join("m,who,t\nM9,2,PP\n", sample="m", timepoint="t")
        assert got.table.num_rows == 3

    @pytest.mark.parametrize(
        ("second", "block", "said"),
        [
            ("who,sex\n1,F\n1,F\n", {"factors": ["sex"]}, "same key"),
            ("who,arm\n1,HP\n", {"group": "arm"}, "different things about the group"),
            (
                "m,who,t,cell\nM9,9,PP,CD4\n",
                {"sample": "m", "timepoint": "t", "cell_type": "cell"},
                "in which group subject 9",
            ),
            ("who,k\n1,x\n", {"visit_key": ["k"]}, "the first does not"),
            ("who,t\n1,first\n", {"timepoint": "t"}, "not among the timepoints"),
        ],
    )
    def test_contradictions(
        self, join: Callable[..., Samples], second: str, block: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(InputError, match=said):
            join(second, **block)

    def test_two_sheets_must_not_differ(self, tmp_path: Path, make: MakeStudy) -> None:
        (tmp_path / "a.csv").write_text("id,person,arm,visit,sex\nR1,1,MS,BP,F\n")
        (tmp_path / "b.csv").write_text("person,sex\n1,M\n")
        first = {"file": tmp_path / "a.csv", **ROLES, "factors": ["sex"]}
        second = {"file": tmp_path / "b.csv", "subject": "person", "factors": ["sex"]}
        with pytest.raises(IngestError, match="different things about `sex` of sample R1"):
            read_samples(make(first, second))


def test_real_sheet(shared_data: Path) -> None:
    study = Study(
        study="grams",
        samples=(
            SampleSheet(
                file=shared_data / "grams_cd8_rna" / "samples.csv",
                sample="sample_id",
                subject="subject",
                group="group",
                timepoint="timepoint",
                cell_type="cell_type",
                visit_key=("state",),
                factors=("state", "library_batch"),
                covariates=("age", "proportion_memory", "cell_viability"),
            ),
        ),
        timepoints=("NP", "BP", "1st", "2nd", "3rd", "PP"),
        groups=("HP", "MS", "HC"),
        assays={"rna": Assay(kind="counts", files=(Path("m"),))},
    )
    got = read_samples(study)
    assert got.table.num_rows == 203
    assert got.notes == ()
    assert len(set(got.table["subject_id"].to_pylist())) == 22
    assert got.table["sample_id"].to_pylist() == sorted(got.table["sample_id"].to_pylist())
    row = next(r for r in got.table.to_pylist() if r["sample_id"] == "P20904_117")
    assert row == {
        "sample_id": "P20904_117",
        "subject_id": "63",
        "study_group": "MS",
        "group_order": 2,
        "timepoint": "BP",
        "visit_order": 2,
        "cell_type": "CD8",
        "visit_key": "Resting",
        "state": "Resting",
        "library_batch": "B",
        "age": 35.0,
        "proportion_memory": 0.59,
        "cell_viability": 93.7,
    }
