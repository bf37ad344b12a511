"""Olink's wide export: its block above the samples, limits below them, quality beside them."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from cohortmart.core.errors import IngestError
from tests.support.matrix_files import write
from tests.unit.ingest.read.continuous.test_measurements import read

BLOCK = [
    ["NPX data", "", "", "", "", ""],
    ["Panel", "Olink A", "Olink B", "Olink B", "Olink A", "Olink B"],
    ["Assay", "IL8", "IL6", "TNF", "QC Warning", "QC Warning"],
    ["Uniprot ID", "P10145", "P05231", "P01375", "", ""],
    ["OlinkID", "OID00471", "OID00390", "OID00472", "", ""],
    ["", "", "", "", "", ""],
]
SAMPLES = [
    ["s1", "1.5", "2.25", "3.5", "Pass", "Warning"],
    ["s2", "0.25", "7.75", "", "Warning", "Pass"],
    ["s3", "3.5", "4.5", "5.5", "Pass", "Pass"],
]
BELOW = [
    ["", "", "", "", "", ""],
    ["LOD", "0.75", "1.25", "0.5", "", ""],
    ["Missing Data freq.", "0.33", "0", "0", "", ""],
    ["Normalization", "Plate control", "Plate control", "Plate control", "", ""],
]


def text(sep: str, *, comma: bool = False) -> str:
    joined = "\n".join(sep.join(row) for row in [*BLOCK, *SAMPLES, *BELOW]) + "\n"
    return re.sub(r"(?<=\d)\.(?=\d)", ",", joined) if comma else joined


def check(path: Path) -> None:
    header, rows = read(path)
    assert header.samples == ("s1", "s2", "s3")
    assert rows["OID00471"][0].tolist() == [1.5, 0.25, 3.5]
    assert rows["OID00471"][1].tolist() == [0, 1, 0]  # below the limit of 0.75
    assert rows["OID00471"][2].tolist() == [0.75] * 3
    assert rows["OID00471"][3].tolist() == [0, 1, 0]  # the warnings of panel A
    assert rows["OID00390"][3].tolist() == [1, 0, 0]
    assert rows["OID00472"][0][0] == 3.5
    measures = {m["feature_id"]: m for m in header.measures.to_pylist()}  # type: ignore[attr-defined]
    assert measures["OID00390"]["gene_name"] == "IL6"
    assert measures["OID00390"]["uniprot"] == "P05231"


@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_text(tmp_path: Path, sep: str) -> None:
    check(write(tmp_path / "npx.csv", text(sep)))


def test_decimal_commas(tmp_path: Path) -> None:
    check(write(tmp_path / "npx.csv", text(";", comma=True)))


def test_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [*BLOCK, *SAMPLES, *BELOW]:
        cells = [float(c) if c.replace(".", "").isdigit() else c or None for c in row]
        book.active.append(cells)
    book.save(tmp_path / "npx.xlsx")
    check(tmp_path / "npx.xlsx")


def test_without_olinks_ids_the_assays_are_features(tmp_path: Path) -> None:
    rows = [row for row in [*BLOCK, *SAMPLES] if row[0] != "OlinkID"]
    found = read(write(tmp_path / "x.csv", "\n".join(",".join(r) for r in rows) + "\n"))[1]
    assert sorted(found) == ["IL6", "IL8", "TNF"]


def test_a_fault_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="not a number") as caught:
        read(write(tmp_path / "x.csv", text(",").replace("7.75", "haemolysed")))
    assert caught.value.line == 8


def test_controls_of_the_plate_are_known_by_their_names(tmp_path: Path) -> None:
    head = "SampleID;OlinkID;Assay;NPX\n"
    names = ("s1", "CONTROL_SAMPLE_AS 1", "s2", "Neg Ctrl 2", "s3", "IPC_1")
    rows = "".join(f"{s};OID1;IL6;{i},5\n" for i, s in enumerate(names))
    header, found = read(write(tmp_path / "x.csv", head + rows))
    assert header.samples == ("s1", "s2", "s3")
    assert found["OID1"][0].tolist() == [0.5, 2.5, 4.5]
    assert "3 rows of controls" in " ".join(header.notes)


def test_other_tables_keep_their_samples(tmp_path: Path) -> None:
    head = "sample,feature,value\n"
    rows = "".join(f"{s},IL6,{i}\n" for i, s in enumerate(["s1", "control_1"]))
    assert read(write(tmp_path / "x.csv", head + rows))[0].samples == ("s1", "control_1")
