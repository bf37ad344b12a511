"""R objects become the matrices they are, to the last bit, or one error that says what they are.

The files in `data` were made by `data/make_rds.R`.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.check.matrix import check_header
from ingest.read.formats import read_blocks, read_header
from ingest.read.matrix.rds import RdsHeader
from tests.support.matrix_files import assay, ingested, write
from tests.support.paths import DATA

RDS_DATA = DATA / "rds"
PROBES = ["cg00000029", "cg00000108", "cg00000109"]
BETA = np.array([[1 / 3, 0.0], [0.25, 1.0], [np.nan, 5e-324]])


def values_of(path: Path, options: Assay) -> tuple[RdsHeader, list[str], np.ndarray]:
    header = read_header(path, options)
    assert isinstance(header, RdsHeader)
    blocks = list(read_blocks(header, options))
    ids = [name for block in blocks for name in block.feature_ids.to_pylist()]
    return header, ids, np.vstack([block.values for block in blocks])


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("matrix", "rds+gzip"),
        ("matrix_v2_xz", "rds+xz"),
        ("matrix_text", "rds"),
        ("matrix_native", "rds"),
        ("frame", "rds+gzip"),
    ],
)
def test_a_matrix_is_read_exactly_however_it_was_saved(name: str, form: str) -> None:
    header, ids, values = values_of(RDS_DATA / f"{name}.rds", assay("beta", strip_suffix="_1"))
    assert (header.format_name, header.samples, ids) == (form, ("A", "B"), PROBES)
    assert header.raw_samples == ("A_1", "B_1")
    np.testing.assert_array_equal(values, BETA)


def test_blocks_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.read.matrix.rds.BLOCK_VALUES", 2)
    header = read_header(RDS_DATA / "matrix.rds", assay("beta"))
    blocks = list(read_blocks(header, assay("beta")))
    assert [(b.first_line, b.feature_ids.to_pylist()) for b in blocks] == [
        (2, PROBES[:1]),
        (3, PROBES[1:2]),
        (4, PROBES[2:]),
    ]
    np.testing.assert_array_equal(np.vstack([b.values for b in blocks]), BETA)
    assert header.place(blocks[2], 0, 1) == (None, "B_1, row cg00000109")
    header = read_header(RDS_DATA / "frame_ids.rds", assay())
    names = [block.gene_names.to_pylist() for block in read_blocks(header, assay())]
    assert names == [["TP53"], [None]]


def test_integers_and_their_missing_value() -> None:
    _, ids, values = values_of(RDS_DATA / "counts_bz2.rds", assay())
    assert ids == ["TP53", "MYC"]
    np.testing.assert_array_equal(values, [[0, 2147483647], [np.nan, 7]])


def test_data_frames_with_ids_in_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "counts", (RDS_DATA / "frame_ids.rds").read_bytes())
    report, ids, values = ingested(path, assay(strip_version=True))
    assert (report.samples, ids) == (("A", "B"), ["ENSG1.2", "ENSG2.1"])  # no Ensembl ids
    assert report.features["gene_name"].to_pylist() == ["TP53", None]
    np.testing.assert_array_equal(values, [[1, 0.5], [2, 3]])
    _, ids, values = values_of(RDS_DATA / "frame_factor.rds", assay("beta"))
    assert ids == ["g2", "g1"]
    np.testing.assert_array_equal(values, [[np.nan, 1], [np.nan, 2]])
    assert values_of(RDS_DATA / "frame_entrez.rds", assay())[1] == ["7157", "4609"]


def test_names_in_latin_1() -> None:
    assert values_of(RDS_DATA / "latin1.rds", assay())[0].samples == ("Müller", "B")


@pytest.mark.parametrize(
    ("name", "found", "hint"),
    [
        ("list", "a list", "betas"),
        ("vector", "a vector without", "as.matrix"),
        ("logical", "logical", "as.matrix"),
        ("cube", "3 dimensions", "as.matrix"),
        ("empty", "0 rows", ""),
        ("s4", "SummarizedExperiment", "assay(x)"),
        ("sparse", "dgCMatrix", "as.matrix"),
    ],
)
def test_other_objects_are_named(name: str, found: str, hint: str) -> None:
    with pytest.raises(IngestError, match="no table of numbers") as caught:
        read_header(RDS_DATA / f"{name}.rds", assay("beta"))
    assert found in str(caught.value.found)
    assert hint in str(caught.value.hint)
    assert caught.value.file == RDS_DATA / f"{name}.rds"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no_names", "no rownames"),
        ("no_columns", "no colnames"),
        ("frame_no_ids", "no feature ids"),
        ("frame_text", "no numbers"),
        ("workspace", "workspace"),
    ],
)
def test_what_lacks_names_or_numbers_is_refused(name: str, problem: str) -> None:
    with pytest.raises(IngestError, match=problem) as caught:
        read_header(RDS_DATA / f"{name}.rds", assay())
    assert caught.value.hint
    if name == "frame_text":
        assert caught.value.column == "sex"


def test_places_are_names_of_rows_and_columns(tmp_path: Path) -> None:
    def fault(name: str) -> IngestError:
        path = write(tmp_path / name, (RDS_DATA / f"{name}.rds").read_bytes())
        with pytest.raises(IngestError) as caught:
            ingested(path, assay())
        return caught.value

    missing = fault("counts_bz2")
    assert "missing" in missing.problem
    assert (missing.line, missing.column) == (None, "A, row MYC")
    no_id = fault("frame_na_id")
    assert "no feature id" in no_id.problem
    assert (no_id.line, no_id.column) == (None, "id, row 2")


def test_names_that_stand_twice() -> None:
    header, _, _ = values_of(RDS_DATA / "repeated.rds", assay("beta"))
    with pytest.raises(IngestError, match="`A_1` stands twice") as caught:
        check_header(header)
    assert caught.value.column == 2
    assert header.feature_place(2, 2) == (None, "row names, row 3")


def test_a_file_that_is_cut_or_replaced(tmp_path: Path) -> None:
    whole = gzip.decompress((RDS_DATA / "matrix.rds").read_bytes())
    path = write(tmp_path / "x.rds", whole[:-30])
    with pytest.raises(IngestError, match="cannot be read"):
        read_header(path, assay("beta"))
    write(path, whole)
    assert read_header(path, assay("beta")).samples == ("A_1", "B_1")
    write(path, (RDS_DATA / "counts_bz2.rds").read_bytes())
    assert read_header(path, assay()).samples == ("A", "B")
    write(path, (RDS_DATA / "matrix.rds").read_bytes()[:-20])
    with pytest.raises(IngestError, match="truncated"):
        read_header(path, assay("beta"))


def test_without_the_extra_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.rds", (RDS_DATA / "matrix.rds").read_bytes())
    monkeypatch.setitem(sys.modules, "rdata.parser", None)
    with pytest.raises(IngestError, match="not installed") as caught:
        read_header(path, assay("beta"))
    assert "cohortmart[rds]" in str(caught.value.hint)
