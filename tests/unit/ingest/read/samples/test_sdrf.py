"""SDRF as archives have it: one row a sample, short names, and every fault says where it is."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay, SampleSheet, Study
from ingest.read.samples.sample_sheet import Samples, read_samples
from ingest.read.samples.sheet_cells import Sheet, read_cells
from ingest.read.samples.used_columns import UsedColumns

# As ArrayExpress writes them for arrays: two IDAT files a sample, repeated names, units.
HEADER = (
    "Source Name",
    "Comment[BioSD_SAMPLE]",
    "Characteristics[organism]",
    "Term Source REF",
    "Characteristics[individual]",
    "Characteristics[age]",
    "Unit[time unit]",
    "Characteristics [Cell  Type]",
    "Provider",
    "Protocol REF",
    "Performer",
    "Extract Name",
    "Protocol REF",
    "Performer",
    "Parameter Value[volume]",
    "Unit[volume unit]",
    "Assay Name",
    "Array Data File",
    "Derived Array Data File",
    "Factor Value[disease]",
    "Term Source REF",
    "FactorValue [time point] (time)",
    "Factor Value[cell type]",
)


def sample(name: str, who: str, disease: str, visit: str, age: str = "31") -> list[list[str]]:
    chip = f"20{name}_R01C01"
    return [
        [
            *(name, f"SAMEA{name}", "Homo sapiens", "NCBITaxon", who, age, "year", "CD4+ T cell"),
            *("A. Person", "P-1", "A. Person", f"{name} DNA", "P-2", "B. Person", "10", "ul"),
            *(name, f"{chip}_{colour}.idat", "betas.txt", disease, "EFO", visit, "CD4+ T cell"),
        ]
        for colour in ("Grn", "Red")
    ]


ROWS = [
    *sample("S1", "7", "multiple sclerosis", "1st trimester"),
    *sample("S2", "7", "multiple sclerosis", "postpartum", "not available"),
    *sample("S3", "9", "normal", "1st trimester", "28"),
]
BLOCK: dict[str, Any] = {
    "sample": "Source Name",
    "subject": "individual",
    "group": "disease",
    "timepoint": "time point",
    "cell_type": "cell type",
    "covariates": ("age",),
}


def text(rows: list[list[str]], header: tuple[str, ...] = HEADER) -> str:
    return "".join("\t".join(line) + "\n" for line in [list(header), *rows])


def changed(column: str, value: str, *lines: int) -> list[list[str]]:
    """The rows with another value in some lines of the file."""
    at = HEADER.index(column)
    rows = [list(row) for row in ROWS]
    for line in lines:
        rows[line - 2][at] = value
    return rows


@pytest.fixture
def cells(tmp_path: Path) -> Callable[..., Sheet]:
    def go(content: str | bytes, *wanted: str, key: tuple[str, ...] = ()) -> Sheet:
        file = tmp_path / "sheet"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_cells(file, UsedColumns(key, wanted))

    return go


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Samples]:
    def go(content: str, assay_sample: str | None = None, **block: Any) -> Samples:
        file = tmp_path / "E-MTAB-1.sdrf.txt"
        file.write_text(content)
        assay = Assay(kind="beta", files=(tmp_path / "m",), sample=assay_sample)
        return read_samples(
            Study(
                study="t",
                samples=(SampleSheet(**{"file": file, **BLOCK, **block}),),
                timepoints=("1st trimester", "postpartum"),
                groups=("normal", "multiple sclerosis"),
                assays={"methylation": assay},
            )
        )

    return go


def column(sheet: Sheet, name: str) -> list[str]:
    return [row.cells[sheet.columns.index(name)] for row in sheet.rows]


def test_one_row_a_sample_under_short_names(cells: Callable[..., Sheet]) -> None:
    sheet = cells(text(ROWS))
    assert sheet.format == "sdrf"
    assert sheet.columns == (
        *("Source Name", "biosd_sample", "organism", "individual", "age", "cell type"),
        *("Extract Name", "Assay Name", "Array Data File", "Derived Array Data File"),
        *("disease", "time point"),
    )
    assert [row.line for row in sheet.rows] == [2, 4, 6]
    assert column(sheet, "age") == ["31", "not available", "28"]
    assert column(sheet, "Array Data File")[0] == "20S1_R01C01_Grn.idat; 20S1_R01C01_Red.idat"
    assert sheet.notes == (
        "sheet: `age` is in year",
        "sheet: 6 rows folded to 3 by `Source Name`; where they differ (`Array Data File`) the "
        "values stand side by side",
    )
    assert "Person" not in str(sheet)


def test_study_end_to_end(read: Callable[..., Samples]) -> None:
    got = read(text(ROWS), "extract name", factors=("Characteristics[organism]",))
    rows = got.table.to_pylist()
    assert [row["sample_id"] for row in rows] == ["S1", "S2", "S3"]
    assert rows[1] == {
        "sample_id": "S2",
        "subject_id": "7",
        "study_group": "multiple sclerosis",
        "group_order": 2,
        "timepoint": "postpartum",
        "visit_order": 2,
        "cell_type": "CD4+ T cell",
        "visit_key": "",
        "Characteristics[organism]": "Homo sapiens",
        "age": None,
    }
    assert got.names == {"methylation": {"S1 DNA": "S1", "S2 DNA": "S2", "S3 DNA": "S3"}}
    assert got.notes[0] == "E-MTAB-1.sdrf.txt: `age` is in year"


@pytest.mark.parametrize(
    "content",
    [
        text(ROWS).replace("\n", "\r\n"),
        "\ufeff# saved by hand, twice\n\n" + text(ROWS) + "\t\t\n\n\t\n",
        text([[*row, ""] for row in ROWS], (*HEADER, "")),
        text([[*row, "", ""] for row in ROWS]),
        "\n".join('"' + line.replace("\t", '"\t"') + '"' for line in text(ROWS).splitlines()),
        lzma.compress(text(ROWS).encode()),
        text(ROWS, tuple(h.upper().replace(" ", "") for h in HEADER[:5]) + HEADER[5:]),
    ],
    ids=[
        "crlf",
        "comments and blank rows",
        "tab at the end",
        "tabs in rows",
        "quoted",
        "xz",
        "spelling",
    ],
)
def test_every_dialect_gives_the_same_rows(
    cells: Callable[..., Sheet], content: str | bytes
) -> None:
    names = ("source name", "INDIVIDUAL", "Factor Value [disease]", "factorvalue[time point]")
    got, plain = cells(content, *names), cells(text(ROWS), *names)
    assert [row.cells for row in got.rows] == [row.cells for row in plain.rows]
    assert set(names) <= set(got.columns)
    packed = isinstance(content, bytes)
    assert got.format == ("sdrf+xz" if packed else "sdrf")


def test_rows_are_folded_by_the_columns_that_the_study_names(cells: Callable[..., Sheet]) -> None:
    by_file = cells(text(ROWS), "array data file", key=("array data file",))
    assert len(by_file.rows) == 6
    assert not any("folded" in note for note in by_file.notes)
    by_woman = cells(text(ROWS), "individual", "disease", key=("individual",))
    assert [row.line for row in by_woman.rows] == [2, 6]
    assert column(by_woman, "time point") == ["1st trimester; postpartum", "1st trimester"]


def test_a_missing_value_contradicts_nothing(cells: Callable[..., Sheet]) -> None:
    sheet = cells(text(changed("Factor Value[disease]", "", 2)), "disease")
    assert column(sheet, "disease")[0] == "multiple sclerosis"
    alone = cells(text(changed("Source Name", "", 2, 3)))
    assert [row.line for row in alone.rows] == [2, 3, 4, 6]


def test_rows_of_a_sample_must_agree(read: Callable[..., Samples]) -> None:
    with pytest.raises(IngestError, match="differ in `disease`") as caught:
        read(text(changed("Factor Value[disease]", "normal", 5)))
    error = caught.value
    assert (error.line, error.column) == (5, "disease")
    assert (error.expected, error.found) == ("multiple sclerosis, as in line 4", "normal")


def test_columns_of_one_name_that_do_not_agree(
    cells: Callable[..., Sheet], read: Callable[..., Samples]
) -> None:
    rows = changed("Factor Value[cell type]", "CD8+ T cell", 6, 7)
    sheet = cells(text(rows), "Factor Value[cell type]")
    assert column(sheet, "Factor Value[cell type]")[2] == "CD8+ T cell"
    assert column(sheet, "Characteristics[Cell Type]")[2] == "CD4+ T cell"
    assert "`Characteristics[Cell Type]` and `Factor Value[cell type]` do not" in sheet.notes[0]
    with pytest.raises(IngestError, match="`cell type` can mean several") as caught:
        read(text(rows))
    assert caught.value.line == 6
    assert "`CD8+ T cell` in Factor Value[cell type]" in (caught.value.found or "")


def test_columns_that_agree_but_for_units(cells: Callable[..., Sheet]) -> None:
    time = ("Characteristics[time]", "Term Source REF", "Unit[time unit]", "Factor Value[time]")
    header = ("Source Name", *time, "Unit[time unit]", "Parameter Value[time]")
    rows = [["S1", "3", "UO", "hour", "3", "hour", "10"], ["S2", "", "", "hour", "NA", "", "10"]]
    sheet = cells(text(rows, header), "time", "Parameter Value[time]")
    assert sheet.columns == ("Source Name", "time", "Parameter Value[time]")
    assert sheet.notes == ("sheet: `time` is in hour",)
    rows[0][3] = "day"
    sheet = cells(text(rows, header), "Source Name")
    assert sheet.columns == ("Source Name", "Characteristics[time]", "Factor Value[time]")
    assert len(sheet.notes) == 1  # nothing about units of columns that are not used
    with pytest.raises(IngestError, match="`time` can mean several") as caught:
        cells(text(rows, header), "time")
    assert (caught.value.line, caught.value.found) == (
        2,
        "`3 day` in Characteristics[time], `3 hour` in Factor Value[time]",
    )


def test_repeated_columns_are_one_or_numbered(cells: Callable[..., Sheet]) -> None:
    header = ("Source Name", "Characteristics[sex]", *["Comment[FASTQ_URI]"] * 3, "Label", "Date")
    rows = [
        ["S1", "F", "a_1", "a_2", "a_1", "Cy3", "May"],
        ["S2", "F", "b_1", "b_2", "b_1", "", ""],
    ]
    sheet = cells(text(rows, header))
    assert sheet.columns == ("Source Name", "sex", "fastq_uri", "fastq_uri 2", "Label")
    assert column(sheet, "fastq_uri 2") == ["a_2", "b_2"]
    asked = cells(text(rows, header), "Date", "Comment[FASTQ_URI] 2", "fastq_uri", "FASTQ_URI")
    assert asked.columns[2:] == (
        *("fastq_uri", "FASTQ_URI", "Comment[FASTQ_URI] 2", "Label", "Date"),
    )
    # a laboratory's date gives way to one of the sample
    own = ("Source Name", "Characteristics[date]", "Date", "Label", "Characteristics[label]")
    sheet = cells(text([["S1", "May", "June", "Cy3", "x"]], own), "date", "label")
    assert sheet.columns == ("Source Name", "date", "label", "Characteristics[label]")
    assert sheet.rows[0].cells == ("S1", "May", "Cy3", "x")
    assert "`Label` means the column of that name; `Characteristics[label]`" in sheet.notes[0]


def test_two_units(cells: Callable[..., Sheet]) -> None:
    rows = changed("Unit[time unit]", "month", 6, 7)
    assert "`age` is in year, month" in cells(text(rows)).notes[0]
    with pytest.raises(IngestError, match="`age` is given in two units") as caught:
        cells(text(rows), "age")
    assert (caught.value.line, caught.value.found) == (6, "month")
    # the unit of a missing value says nothing
    assert cells(text(changed("Unit[time unit]", "month", 4, 5)), "age").notes[0].endswith("year")


FAULTS: list[tuple[str, dict[str, Any]]] = [
    (text(ROWS).replace("Source Name", "Name"), {"line": 1, "problem": "no column `Source Name`"}),
    (text(ROWS)[: text(ROWS).index("ease]")], {"line": 1, "column": 20, "problem": "cut off"}),
    (text(ROWS)[: text(ROWS).rindex("EFO")], {"line": 7, "expected": "23 f", "found": "21 fields"}),
    (text([*ROWS, ["S4"] * 24]), {"line": 8, "expected": "23 fields", "found": "24 fields"}),
    (text([]), {"line": 1, "problem": "no samples"}),
    ("MAGE-TAB Version\t1.1\nInvestigation Title\tx\n", {"problem": "an IDF", "expected": "SDRF"}),
]


@pytest.mark.parametrize(("content", "said"), FAULTS)
def test_faults_say_where_they_are(
    cells: Callable[..., Sheet], content: str, said: dict[str, Any]
) -> None:
    with pytest.raises(IngestError) as caught:
        cells(content)
    assert caught.value.file is not None
    for part, value in said.items():
        found = getattr(caught.value, part)
        assert value in found if isinstance(value, str) else found == value


def test_unknown_column_names_the_nearest(read: Callable[..., Samples]) -> None:
    with pytest.raises(IngestError, match="no column `time_point`") as caught:
        read(text(ROWS), timepoint="time_point")
    assert caught.value.hint == "did you mean `time point`?"
    with pytest.raises(IngestError, match="no column `Sample`"):
        read(text(ROWS), sample="Sample")


def test_a_plain_table_is_no_sdrf(cells: Callable[..., Sheet]) -> None:
    table = "Source Name\tComment[x]\tDate\nS1\ta\tb\nS1\ta\tb\n"
    sheet = cells(table)
    assert (sheet.format, sheet.columns) == ("tsv", ("Source Name", "Comment[x]", "Date"))
    assert len(sheet.rows) == 2
    assert cells("Characteristics[id],Characteristics[sex]\nS1,F\n").format == "csv"
