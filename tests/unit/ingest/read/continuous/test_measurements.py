"""One truth in every shape of table and kind of file; what is said beside a value is kept."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.formats import FORMATS, read_blocks, read_header
from ingest.read.matrix.records import MatrixHeader
from tests.support.matrix_files import write

SAMPLES = ["s1", "s2", "s3"]
FEATURES = ["CRP", "IL6", "TNF"]
VALUES = np.array([[1.5, 2.25, np.nan], [0.5, 7.0, 8.0], [3.0, 4.0, 1e-3]])
BELOW = np.array([[0, 0, np.nan], [1, 0, 0], [0, 0, 0]])


def cell(i: int, j: int) -> str:
    if np.isnan(VALUES[i, j]):
        return ""
    return f"<{VALUES[i, j]}" if BELOW[i, j] == 1 else repr(float(VALUES[i, j]))


def features_in_rows(sep: str) -> str:
    lines = [sep.join(["measure", *SAMPLES])]
    lines += [sep.join([f, *(cell(i, j) for j in range(3))]) for i, f in enumerate(FEATURES)]
    return "\n".join(lines) + "\n"


def samples_in_rows(sep: str) -> str:
    lines = [sep.join(["name", "comment", *FEATURES])]
    lines += [sep.join([s, "fine", *(cell(i, j) for i in range(3))]) for j, s in enumerate(SAMPLES)]
    return "\n".join(lines) + "\n"


def long(sep: str) -> str:
    lines = [sep.join(["sample", "feature", "value", "unit"])]
    lines += [
        sep.join([s, f, cell(i, j), "pg/ml"])
        for j, s in enumerate(SAMPLES)
        for i, f in enumerate(FEATURES)
    ]
    return "\n".join(lines) + "\n"


SHAPES: Mapping[str, Callable[[str], str]] = {
    "features in rows": features_in_rows,
    "samples in rows": samples_in_rows,
    "long": long,
}


def options(**changes: Any) -> Assay:
    return Assay.model_validate({"kind": "continuous", "files": ["x"], **changes})


def read(path: Path, assay: Assay | None = None) -> tuple[MatrixHeader, dict[str, np.ndarray]]:
    """The header, and values and what is beside them by feature, samples in the order of s1.."""
    assay = assay or options()
    header = read_header(path, assay, set(SAMPLES))
    order = [header.samples.index(s) for s in SAMPLES if s in header.samples]
    rows: dict[str, np.ndarray] = {}
    for block in read_blocks(header, assay):
        for i, feature in enumerate(block.feature_ids.to_pylist()):
            parts = [block.values[i], *(block.further[name][i] for name in header.further)]
            rows[feature] = np.array(parts)[:, order]
    return header, rows


def check(rows: dict[str, np.ndarray]) -> None:
    assert sorted(rows) == FEATURES
    for i, feature in enumerate(FEATURES):
        np.testing.assert_array_equal(rows[feature][0], VALUES[i])
        np.testing.assert_array_equal(rows[feature][1], BELOW[i])


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("sep", [",", "\t", ";"])
@pytest.mark.parametrize("shape", SHAPES)
def test_text_of_every_shape_reads_alike(tmp_path: Path, shape: str, sep: str, pack: bool) -> None:
    text = SHAPES[shape](sep).encode()
    header, rows = read(write(tmp_path / "x.dat", gzip.compress(text) if pack else text))
    assert header.reader == "measurements"
    assert header.format_name.startswith(shape.replace(" ", "_"))
    check(rows)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_comment_above_the_header_is_passed_over(tmp_path: Path, shape: str) -> None:
    check(read(write(tmp_path / "x.csv", "# export of today\n" + SHAPES[shape](",")))[1])


def number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize("shape", SHAPES)
def test_a_workbook_reads_as_text_does(tmp_path: Path, shape: str) -> None:
    book = openpyxl.Workbook()
    for line in SHAPES[shape]("\t").splitlines():
        book.active.append([number_or_text(text) for text in line.split("\t")])
    book.save(tmp_path / "x.xlsx")
    check(read(tmp_path / "x.xlsx")[1])


def test_parquet_with_numbers_and_a_flag(tmp_path: Path) -> None:
    rows = [
        {"SampleID": s, "OlinkID": f"OID{i}", "Assay": f, "NPX": float(VALUES[i, j]),
         "LOD": 1.0, "UniProt": f"P{i}", "SampleQC": "WARN" if j == 1 else "PASS"}
        for j, s in enumerate(SAMPLES) for i, f in enumerate(FEATURES)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(tmp_path / "npx.parquet")
    header, found = read(tmp_path / "npx.parquet")
    assert list(found) == ["OID0", "OID1", "OID2"]
    measured, below, limit, quality = found["OID1"]
    assert measured.tolist() == [0.5, 7.0, 8.0]
    assert below.tolist() == [1, 0, 0]  # below its LOD
    assert limit.tolist() == [1, 1, 1]
    assert quality.tolist() == [0, 1, 0]
    assert header.measures.to_pylist()[1] == {  # type: ignore[attr-defined]
        "feature_id": "OID1", "measure_name": "IL6", "unit": None, "gene_name": "IL6",
        "uniprot": "P1",
    }  # fmt: skip


def test_olinks_csv_with_controls(tmp_path: Path) -> None:
    lines = ["SampleID;Sample_Type;OlinkID;UniProt;Assay;NPX;LOD;QC_Warning"]
    lines += [f"{s};SAMPLE;OID1;P1;IL6;1,5;0,2;Pass" for s in SAMPLES]
    lines += ["PC1;PLATE_CONTROL;OID1;P1;IL6;9,9;0,2;Pass"]
    header, rows = read(write(tmp_path / "npx.csv", "\n".join(lines) + "\n"))
    assert header.samples == ("s1", "s2", "s3")
    assert rows["OID1"][0].tolist() == [1.5] * 3
    assert any("1 row of controls" in note for note in header.notes)


def test_nd_takes_the_limit_where_one_is_said(tmp_path: Path) -> None:
    text = "sample,feature,value,lod\ns1,A,ND,0.2\ns2,A,3,0.2\ns3,A,ND,\n"
    values, below, limit, _ = read(write(tmp_path / "x.csv", text))[1]["A"]
    np.testing.assert_array_equal(values, [0.2, 3, np.nan])
    assert below.tolist() == [1, 0, 1]
    np.testing.assert_array_equal(limit, [0.2, 0.2, np.nan])


def test_named_columns_alone_are_features(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "name,age,crp,bmi\ns1,30,1,20\ns2,31,2,21\ns3,32,3,22\n")
    _, rows = read(path, options(columns=["crp", "bmi"]))
    assert sorted(rows) == ["bmi", "crp"]
    with pytest.raises(IngestError, match="no column `crq`") as error:
        read(path, options(columns=["crq"]))
    assert "crp" in str(error.value.hint)


def test_units_and_names_beside_the_features(tmp_path: Path) -> None:
    text = "id,gene_name,unit,s1,s2,s3\nx,CRP,mg/l,1,2,3\n"
    header, rows = read(write(tmp_path / "x.csv", text))
    assert header.samples == ("s1", "s2", "s3")
    assert header.measures["unit"].to_pylist() == ["mg/l"]  # type: ignore[attr-defined]
    assert rows["x"][0].tolist() == [1, 2, 3]


FAULTS = {
    "a word for a number": (
        "measure,s1,s2\nA,1,2\nB,1,high\n", "not a number", 3, "s2", "`high`"
    ),
    "twice": (
        "sample,feature,value\ns1,A,1\ns2,A,1\ns1,A,2\n", "stands twice", 4, None, "line 2"
    ),
    "two units": (
        "sample,feature,value,unit\ns1,A,1,g\ns2,A,1,mg\n", "two units", None, "unit", "g and mg"
    ),
    "no feature": ("sample,feature,value\ns1,,1\n", "names no feature", 2, "feature", None),
    "a short row": ("measure,s1,s2\nA,1,2\nB,1\n", "as many fields", 3, None, "2"),
    "no sample": ("a,b,c\nx,1,2\n", "called like a sample", 1, None, "a, b, c"),
    "no rows": ("measure,s1\n", "no data rows", 1, None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    text, problem, line, column, found = FAULTS[name]
    with pytest.raises(IngestError, match=problem) as error:
        read(write(tmp_path / "x.csv", text))
    assert error.value.line == line
    assert column is None or error.value.column == column
    assert found is None or found in str(error.value.found)


def test_other_kinds_have_their_own_readers(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "gene,s1,s2,s3\nA,1,2,3\n")
    counts = Assay.model_validate({"kind": "counts", "files": ["x"]})
    assert read_header(path, counts, set(SAMPLES)).reader == "matrix"
    assert FORMATS["measurements"].words
