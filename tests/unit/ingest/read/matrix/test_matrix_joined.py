"""Several files of one assay become one matrix."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from ingest.read.matrix import joined
from tests.support.matrix_files import assay, ingested, text_of, write


def parts(
    folder: Path, values: np.ndarray, orders: list[np.ndarray], splits: list[int]
) -> list[Path]:
    """Files that hold the columns of `values` between `splits`, each with its own row order."""
    files = []
    for k, (order, (left, right)) in enumerate(zip(orders, pairwise(splits), strict=True)):
        own = values[order, left:right]
        cells = [["NA" if np.isnan(v) else repr(v) for v in row] for row in own.tolist()]
        text = text_of([f"g{i:03d}" for i in order], [f"S{j}" for j in range(left, right)], cells)
        files.append(write(folder / f"part{k}.csv", text if k else gzip.compress(text)))
    return files


@pytest.mark.parametrize("shuffled", [False, True])
def test_samples_follow_each_other_whatever_the_order_of_features(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, shuffled: bool
) -> None:
    monkeypatch.setattr(joined, "BLOCK_VALUES", 100)
    values = 100 * rng.random((203, 9))
    rows = np.arange(203)
    orders = [rng.permutation(203) if shuffled else rows for _ in range(3)]
    files = parts(tmp_path, values, orders, [0, 2, 3, 9])
    report, ids, found = ingested(files, assay())
    assert ids == [f"g{i:03d}" for i in rows]
    assert report.samples == tuple(f"S{j}" for j in range(9))
    np.testing.assert_array_equal(found, values)
    assert [(f.rows, f.columns, f.format) for f in report.files] == [
        (203, 2, "csv+gzip"),
        (203, 1, "csv"),
        (203, 6, "csv"),
    ]


def test_betas_that_a_file_lacks_are_null_and_said(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    values = rng.random((6, 4))
    orders = [np.array([0, 1, 2, 4]), np.array([5, 4, 3, 1, 0])]
    files = parts(tmp_path, values, orders, [0, 2, 4])
    report, ids, found = ingested(files, assay("beta"))
    assert ids == [f"g00{i}" for i in range(6)]
    want = values.copy()
    want[[3, 5], :2] = np.nan
    want[2, 2:] = np.nan
    np.testing.assert_array_equal(found, want)
    text = "\n".join(report.notes)
    assert "part0.csv: no row for 2 features of part1.csv" in text
    assert "part1.csv: no row for 1 feature of part0.csv" in text
    assert "g002" in text


def test_counts_that_a_file_lacks_are_an_error(tmp_path: Path, rng: np.random.Generator) -> None:
    files = parts(tmp_path, rng.random((6, 4)), [np.arange(6), np.arange(5)], [0, 2, 4])
    with pytest.raises(IngestError, match="lacks 1 feature that") as caught:
        ingested(files, assay())
    assert caught.value.file == files[1]
    assert "g005" in str(caught.value.found)
    assert list((tmp_path / "lake").iterdir()) == []


def test_files_without_a_common_feature_are_an_error(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    orders = [np.array([0, 1]), np.array([2, 3])]
    files = parts(tmp_path, rng.random((6, 4)), orders, [0, 2, 4])
    with pytest.raises(IngestError, match="lacks 2 features"):
        ingested(files, assay("beta"))


def test_a_sample_in_two_files_is_an_error(tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", "g,A,B\ng1,1,2\n")
    b = write(tmp_path / "b.csv", "g,C,A\ng1,1,2\n")
    with pytest.raises(IngestError, match="two files") as caught:
        ingested([a, b], assay())
    assert (caught.value.file, caught.value.column) == (b, "A")
    assert str(a) in str(caught.value.found)


def test_gene_names_come_from_whichever_file_has_them(tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", "gene_id,A,B\nE1,1,2\nE2,3,4\n")
    b = write(tmp_path / "b.csv", "gene_id,gene_name,C\nE2,MYC,5\nE1,TP53,6\n")
    report, ids, values = ingested([a, b], assay())
    assert ids == ["E1", "E2"]
    assert report.features["gene_name"].to_pylist() == ["TP53", "MYC"]
    np.testing.assert_array_equal(values, [[1, 2, 6], [3, 4, 5]])


def test_summed_files_are_joined_by_gene_name(tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", "gene_id,gene_name,A\nE1,TP53,1\nE2,MYC,2\nE3,TP53,4\n")
    b = write(tmp_path / "b.csv", "gene_id,gene_name,B\nE2,MYC,8\nE9,TP53,16\n")
    _, ids, values = ingested([a, b], assay(sum_by="gene_name"))
    assert ids == ["MYC", "TP53"]
    np.testing.assert_array_equal(values, [[2, 8], [5, 16]])
