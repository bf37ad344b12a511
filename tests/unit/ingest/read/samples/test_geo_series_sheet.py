"""Samples from the header of a GEO series matrix, keys regrouped whatever their lines."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay, SampleSheet, Study
from ingest.read.samples.geo_series_sheet import regrouped
from ingest.read.samples.sample_sheet import read_samples
from ingest.read.samples.sheet_cells import Sheet, read_cells
from ingest.read.samples.used_columns import UsedColumns


def line(field: str, *cells: str) -> str:
    return "\t".join([field, *('"' + cell.replace('"', '""') + '"' for cell in cells)]) + "\n"


CHARACTERISTICS = "!Sample_characteristics_ch1"
SERIES = line("!Series_title", "T cells in pregnancy") + line("!Series_geo_accession", "GSE1")
SAMPLES = (
    line("!Sample_title", "CD4, 1st trimester [7]", "CD4 of 9", 'CD4 "B"')
    + line("!Sample_geo_accession", "GSM1", "GSM2", "GSM3")
    + line("!Sample_source_name_ch1", "blood", "blood", "blood")
    + line(CHARACTERISTICS, "disease: MS", "disease: HP", "disease: MS")
    + line(CHARACTERISTICS, "subject: 7", "subject: 9", "Age: 31")
    + line(CHARACTERISTICS, "age: 29", "visit: 1st: early", "subject: 3")
    + line(CHARACTERISTICS, "visit: 1st: early", "", "visit:PP")
    + line("!Sample_description", "first", "", "")
    + line("!Sample_description", "200_R01C01", "200_R02C01", "200_R03C01")
    + line("!Sample_contact_name", "A. Person", "A. Person", "A. Person")
    + line("!Sample_biomaterial_provider_ch1", "B. Person", "", "")
    + line("!Sample_supplementary_file", "ftp://x/1_Grn", "ftp://x/2_Grn", "ftp://x/3_Grn")
    + line("!Sample_supplementary_file", "ftp://x/1_Red", "ftp://x/2_Red", "ftp://x/3_Red")
)
TABLE = '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"\n"cg1"\t0.1\t0.2\t0.3\n'
END = "!series_matrix_table_end\n"
TEXT = f"{SERIES}\n{SAMPLES}{TABLE}{END}"


@pytest.fixture
def cells(tmp_path: Path) -> Callable[..., Sheet]:
    def go(content: str | bytes, *wanted: str) -> Sheet:
        file = tmp_path / "sheet"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_cells(file, UsedColumns((), wanted))

    return go


def column(sheet: Sheet, name: str) -> list[str]:
    return [row.cells[sheet.columns.index(name)] for row in sheet.rows]


def test_one_row_a_sample(cells: Callable[..., Sheet]) -> None:
    sheet = cells(gzip.compress(TEXT.encode()))
    assert sheet.format == "geo_series_matrix+gzip"
    assert sheet.columns == (
        *("title", "geo_accession", "source_name_ch1", "disease", "subject", "age", "visit"),
        *("description", "description 2", "supplementary_file", "supplementary_file 2"),
    )
    assert column(sheet, "title") == ["CD4, 1st trimester [7]", "CD4 of 9", 'CD4 "B"']
    assert column(sheet, "subject") == ["7", "9", "3"]
    assert column(sheet, "age") == ["29", "", "31"]
    assert column(sheet, "visit") == ["1st: early", "1st: early", "PP"]
    assert column(sheet, "description 2") == ["200_R01C01", "200_R02C01", "200_R03C01"]
    assert {row.line for row in sheet.rows} == {sheet.header_line} == {5}
    assert sheet.notes == ("sheet: 3 samples of GSE1: T cells in pregnancy",)
    assert "Person" not in str(sheet)


def test_study_end_to_end(tmp_path: Path) -> None:
    file = tmp_path / "GSE1_series_matrix.txt"
    file.write_text(TEXT)
    block: dict[str, Any] = {
        "sample": "geo_accession",
        "subject": "Subject",
        "group": "disease",
        "timepoint": "visit",
        "factors": ("source_name_ch1",),
        "covariates": ("AGE_ch1",),
    }
    study = Study(
        study="t",
        samples=(SampleSheet(file=file, **block),),
        timepoints=("1st: early", "PP"),
        groups=("HP", "MS"),
        assays={"m": Assay(kind="beta", files=(file,), sample="description 2")},
    )
    got = read_samples(study)
    assert got.table.select(["sample_id", "subject_id", "AGE_ch1"]).to_pylist() == [
        {"sample_id": "GSM1", "subject_id": "7", "AGE_ch1": 29.0},
        {"sample_id": "GSM2", "subject_id": "9", "AGE_ch1": None},
        {"sample_id": "GSM3", "subject_id": "3", "AGE_ch1": 31.0},
    ]
    assert got.names["m"] == {"200_R01C01": "GSM1", "200_R02C01": "GSM2", "200_R03C01": "GSM3"}

    file.write_text(TEXT.replace("disease: HP", "disease: healthy"))
    with pytest.raises(IngestError, match="`healthy` is not among the groups") as caught:
        read_samples(study)
    assert (caught.value.line, caught.value.column) == (5, "disease")


def test_only_the_header_is_read(cells: Callable[..., Sheet]) -> None:
    rows = "".join(f'"cg{i}"\t{i % 97}\t{i % 89}\t{i % 83}\n' for i in range(400_000))
    whole = gzip.compress((TEXT.removesuffix(END) + rows).encode(), 1)
    assert len(whole) > 2 << 20
    cut = whole[: len(whole) - 100]  # reading to the end would say that the file is damaged
    assert cells(cut).rows == cells(TEXT).rows


def test_two_channels_and_names_that_clash(cells: Callable[..., Sheet]) -> None:
    more = (
        line("!Sample_source_name_ch2", "pool", "pool", "pool")
        + line("!Sample_characteristics_ch2", "age: 40", "age: 41", "sex: F")
        + line(CHARACTERISTICS, "title: Dr", "stage: a", "stage: b")
        + line(CHARACTERISTICS, "stage: a", "stage: c", "male")
    )
    sheet = cells(SERIES + SAMPLES + more + TABLE)
    assert sheet.columns[-3:] == ("source_name_ch2", "age_ch2", "sex_ch2")
    assert column(sheet, "age_ch2") == ["40", "41", ""]
    assert column(sheet, "age") == ["29", "", "31"]
    assert column(sheet, "title_ch1") == ["Dr", "", ""]
    assert column(sheet, "stage") == ["a", "a", "b"]
    assert column(sheet, "stage 2") == ["", "c", ""]
    assert column(sheet, "characteristics_ch1") == ["", "", "male"]
    assert any("`title_ch1` does not agree" in note for note in sheet.notes)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        TEXT.replace('"first"', '"fi\r\n\r\nrst"'),
        TEXT.replace('"first"', '"fi\rrst"'),
        TEXT.replace('"', "").replace("CD4 B", 'CD4 "B"'),
        TEXT.replace('""B""', '"B"'),
        "\n" + TEXT,
    ],
    ids=[
        "crlf",
        "bom",
        "line break in a cell",
        "return in a cell",
        "no quotes",
        "quotes not doubled",
        "blank line",
    ],
)
def test_every_dialect_gives_the_same_rows(cells: Callable[..., Sheet], content: str) -> None:
    got = cells(content)
    plain = cells(TEXT)
    said = [tuple(c.replace("fi rst", "first") for c in row.cells) for row in got.rows]
    assert said == [row.cells for row in plain.rows]
    assert got.columns == plain.columns


FAULTS: list[tuple[str, dict[str, Any]]] = [
    (SERIES + SAMPLES, {"problem": "ends early", "line": 15, "found": "15 lines"}),
    (SERIES, {"problem": "ends early", "line": 2}),
    (SERIES + TABLE, {"problem": "no samples"}),
    (
        TEXT.replace('\t"GSM1"\t"GSM2"\t"GSM3"\n!', "\n!"),
        {"problem": "no samples", "line": 5},
    ),
    (
        TEXT.replace('"disease: HP"\t', ""),
        {"line": 7, "expected": "3 cells, as in line 5", "found": "2 cells"},
    ),
    (TEXT.replace("!series_matrix_table_begin\n", ""), {"line": 17, "found": '"ID_REF"'}),
    ("^DATABASE = GeoMiame\n" + TEXT, {"problem": "a GEO SOFT file", "expected": "series matrix"}),
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


KEYS = ("age", "Sex", "time point", "dose (mg)")
SAMPLE = st.dictionaries(st.sampled_from(KEYS), st.text("a1: ", min_size=1).map(str.strip))


@given(st.lists(SAMPLE, min_size=1, max_size=6), st.data())
def test_shifted_keys_give_the_same(samples: list[dict[str, str]], data: st.DataObject) -> None:
    n_lines = len(KEYS) + 1
    straight = [[f"{k}: {s[k]}" if k in s else "" for s in samples] for k in KEYS]
    columns = []
    for own in samples:
        filled = [f"{key}: {value}" for key, value in data.draw(st.permutations(list(own.items())))]
        gaps = [""] * (n_lines - len(filled))
        columns.append(data.draw(st.permutations(filled + gaps)))
    shifted = list(zip(*columns, strict=True))
    by_name = {c.full: c.cells for c in regrouped(shifted)}
    assert by_name == {c.full: c.cells for c in regrouped(straight)}
    expected = {f"{k}_ch1": tuple(s.get(k, "") for s in samples) for k in KEYS}
    assert by_name == {k: v for k, v in expected.items() if k in by_name}
    assert set(by_name) == {f"{k}_ch1" for s in samples for k in s}


def test_real_fields(shared_data: Path, cells: Callable[..., Sheet]) -> None:
    """The fields of real samples, written as GEO writes them, come back as they are."""
    with (shared_data / "epic_chr18_21" / "samples.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    fields = {"title": "title", "geo_accession": "sample", "source_name_ch1": "source_name"}
    keys = ("subject", "age", "sex", "race", "disease_state", "tissue_type")
    text = SERIES + "".join(
        line(f"!Sample_{field}", *(row[of] for row in rows)) for field, of in fields.items()
    )
    # every other sample has its keys the other way round
    for key, other in zip(keys, reversed(keys), strict=True):
        own = [f"{k}: {row[k]}" for row, k in zip(rows, [key, other] * len(rows), strict=False)]
        text += line(CHARACTERISTICS, *own)
    sheet = cells(text + TABLE, "geo_accession", *keys)
    assert len(sheet.rows) == 24
    assert set(sheet.columns) == {*fields, *keys}
    for name in (*fields, *keys):
        assert column(sheet, name) == [row[fields.get(name, name)] for row in rows]
