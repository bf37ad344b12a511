"""Counts summed by gene name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.read.matrix import text_matrix as matrix
from tests.support.matrix_files import assay, ingested, text_of, write

SUM = assay(sum_by="gene_name")


def test_rows_of_one_gene_are_summed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.tsv",
        "gene_id\tgene_name\tA\tB\nE1\tTP53\t1\t2\nE2\tMYC\t10\t20\nE3\tTP53\t0.5\t0.25\n"
        "E4\t\t7\t8\nE5\tNA\t1\t1\n",
    )
    report, ids, values = ingested(path, SUM)
    assert ids == ["E4", "E5", "MYC", "TP53"]
    assert report.features["feature_id"].to_pylist() == ids
    assert report.features["gene_name"].to_pylist() == [None, None, "MYC", "TP53"]
    np.testing.assert_array_equal(values, [[7, 8], [1, 1], [10, 20], [1.5, 2.25]])
    assert (report.rows, report.files[0].rows) == (4, 5)
    note = "\n".join(report.notes)
    assert "5 features summed to 4 gene names" in note
    assert "2 without a gene name" in note


def test_versions_that_collide_can_be_summed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.csv",
        "gene_id,gene_name,A,B\nENSG00000182378.15,PLCXD1,5,6\n"
        "ENSG00000182378.15_PAR_Y,PLCXD1,1,0\nENSG00000141510.1,,2,2\nENSG00000141510.2,,3,3\n",
    )
    _, ids, values = ingested(path, assay(sum_by="gene_name", strip_version=True))
    assert ids == ["ENSG00000141510", "PLCXD1"]
    np.testing.assert_array_equal(values, [[5, 5], [6, 6]])


def test_ids_stand_for_names_where_there_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", ",A,B\nTP53,1,2\nTP53,3,4\n")
    report, ids, values = ingested(path, SUM)
    assert (ids, values.tolist()) == (["TP53"], [[4, 6]])
    assert "no column gene_name" in "\n".join(report.notes)
    named = write(tmp_path / "y.csv", "gene_name,A,B\nTP53,1,2\nTP53,3,4\n")
    report, ids, values = ingested(named, SUM)
    assert (ids, values.tolist()) == (["TP53"], [[4, 6]])
    assert report.features["gene_name"].to_pylist() == ["TP53"]
    assert "no column" not in "\n".join(report.notes)


def test_sums_agree_with_another_library(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "CHUNK_BYTES", 10_000)  # genes return in later blocks
    counts = rng.integers(0, 1000, (5000, 6))
    names = [f"G{k}" for k in rng.integers(0, 1800, 5000)]
    ids = [f"E{i}" for i in range(5000)]
    samples = [f"S{j}" for j in range(6)]
    text = text_of(ids, samples, counts.astype(str).tolist(), names=names)
    _, found_ids, values = ingested(write(tmp_path / "x.csv", text), SUM)
    frame = pl.DataFrame(counts, schema=samples).with_columns(name=pl.Series(names))
    want = frame.group_by("name", maintain_order=True).agg(pl.all().sum()).sort("name")
    assert found_ids == want["name"].to_list()
    np.testing.assert_array_equal(values, want.drop("name").to_numpy())
