"""Several rows of one sample: lanes of nf-core's sheet, and libraries that study.yml declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay, SampleSheet, Study
from ingest.read.samples.sample_sheet import Samples, read_samples

NFCORE = """\
sample,fastq_1,fastq_2,strandedness,subject,group,visit,age
A1,A1_L1.fq.gz,A1_L1_2.fq.gz,auto,A,HP,1st,30
A1,A1_L2.fq.gz,A1_L2_2.fq.gz,auto,A,HP,1st,
A2,A2_L1.fq.gz,A2_L1_2.fq.gz,auto,A,HP,3rd,31
B1,B1_L1.fq.gz,B1_L1_2.fq.gz,auto,B,MS,1st,40
"""
LANES = """\
lane,subject,group,visit,library,batch,age
A1_L1,A,HP,1st,A1,x,30
A1_L2,A,HP,1st,A1,,NA
B1_L1,B,MS,1st,B1,y,40
"""
Read = Callable[..., Samples]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def go(content: str, sample: str, **block: Any) -> Samples:
        file = tmp_path / "sheet.csv"
        file.write_text(content)
        sheet = SampleSheet(
            file=file, sample=sample, subject="subject", group="group", timepoint="visit", **block
        )
        rna = Assay(kind="counts", files=(tmp_path / "m.csv",))
        return read_samples(
            Study(
                study="t",
                samples=(sheet,),
                timepoints=("1st", "3rd"),
                groups=("HP", "MS"),
                assays={"rna": rna},
            )
        )

    return go


def test_lines_of_one_sample_are_one_row(read: Read) -> None:
    got = read(NFCORE, "sample", covariates=["age"])
    assert got.table["sample_id"].to_pylist() == ["A1", "A2", "B1"]
    assert got.table["age"].to_pylist() == [30.0, 31.0, 40.0]
    assert got.names == {"rna": {"A1": "A1", "A2": "A2", "B1": "B1"}}
    assert got.notes == (
        "sheet.csv: 4 rows folded to 3 by `sample`; where they differ (`fastq_1`, `fastq_2`) the "
        "values stand side by side",
    )
    assert got.libraries == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("1st,\n", "3rd,\n", "visit"),
        ("1st,\n", "1st,33\n", "age"),
        ("A,HP,1st,\n", "B,HP,1st,\n", "subject"),
    ],
)
def test_lines_that_contradict_are_an_error(read: Read, old: str, new: str, column: str) -> None:
    with pytest.raises(IngestError) as caught:
        read(NFCORE.replace(old, new), "sample", covariates=["age"])
    assert f"differ in `{column}`" in caught.value.problem
    assert "the sample A1 is listed twice" in caught.value.problem
    assert (caught.value.line, caught.value.column) == (3, column)
    assert "line 2" in (caught.value.expected or "")


def test_rows_of_a_library_are_one_sample(read: Read) -> None:
    got = read(LANES, "lane", library="library", factors=["batch"], covariates=["age"])
    assert got.table["sample_id"].to_pylist() == ["A1", "B1"]
    assert got.table["batch"].to_pylist() == ["x", "y"]
    assert got.table["age"].to_pylist() == [30.0, 40.0]
    assert got.names == {"rna": {"A1_L1": "A1", "A1_L2": "A1", "B1_L1": "B1"}}
    assert got.libraries == {"A1", "B1"}


def test_a_library_of_two_people_is_an_error(read: Read) -> None:
    with pytest.raises(IngestError) as caught:
        read(LANES.replace("A1_L2,A,", "A1_L2,B,"), "lane", library="library")
    assert caught.value.problem == (
        "two rows of the library A1 differ in `subject`, which study.yml uses"
    )
    assert (caught.value.line, caught.value.column) == (3, "subject")
    assert (caught.value.expected, caught.value.found) == ("A, as in line 2", "B")


def test_a_column_that_tells_the_lanes_apart_is_an_error(read: Read) -> None:
    with pytest.raises(IngestError) as caught:
        read(LANES.replace("A1,,NA", "A1,z,NA"), "lane", library="library", factors=["batch"])
    assert "differ in `batch`" in caught.value.problem
    assert "take it out of study.yml" in (caught.value.hint or "")


def test_a_sheet_without_the_column_is_an_error(read: Read) -> None:
    with pytest.raises(IngestError, match="no column `run`"):
        read(LANES, "lane", library="run")
