"""Real files, cell by cell against another reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.support.matrix_files import assay, ingest_files, lake_values

FILES = [
    ("grams_cd8_rna/gene_counts.tsv.gz", "\t", "counts", (13_456, 84), 0),
    ("rnaseq_tcells/counts.csv.gz", ",", "counts", (57_133, 44), 0),
    ("epic_chr18_21/betas.csv.gz", ",", "beta", (24_273, 24), 14),
    ("epic_chr7_paired/betas.csv.gz", ",", "beta", (38_672, 8), 0),
]


@pytest.mark.parametrize(("name", "separator", "kind", "shape", "missing"), FILES)
def test_every_cell_of_a_real_matrix_is_in_the_lake(
    shared_data: Path,
    tmp_path: Path,
    name: str,
    separator: str,
    kind: str,
    shape: tuple[int, int],
    missing: int,
) -> None:
    file = shared_data / name
    target = tmp_path / "m.parquet"
    report = ingest_files("x", assay(kind), [file], target)
    frame = pl.read_csv(file, separator=separator, infer_schema=False)
    ids, values = lake_values(target)
    assert values.shape == shape == (report.rows, report.columns)
    assert list(report.samples) == frame.columns[1:]
    raw_ids = frame.to_series(0).to_list()
    order = np.argsort(np.array(raw_ids, dtype=np.bytes_), kind="stable")
    assert ids == [raw_ids[i] for i in order]
    texts = frame[:, 1:].to_numpy().ravel()
    want = np.array([np.nan if t == "NA" else float(t) for t in texts]).reshape(shape)
    np.testing.assert_array_equal(values, want[order])
    assert int(np.isnan(values).sum()) == missing
    said = [n for n in report.notes if "no value in" in n]
    assert len(said) == (1 if missing else 0)
    assert all(f"no value in {missing} of" in n for n in said)
