"""What makes results of an analysis stale."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from analyses.fingerprints import lake_inputs
from cohortmart.core.lake.file_manifest import Entry, switch_current, write_table
from cohortmart.core.study.records import Analysis
from cohortmart.core.warehouse.home import Home

OF_BOTH = {"sample", "assay", "matrix_sample", "matrix:meth:raw", "matrix_sample:meth:bmiq"}
OF_PROBES = {"probe", "probe_mask"}
OF_OTHERS = {"matrix:rna:raw", "gene_set", "probe_gene", "feature", "network_edge"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.lake.mkdir(parents=True)
    entries = []
    for name in OF_BOTH | OF_PROBES | OF_OTHERS:
        table, _, part = name.partition(":")
        path = f"{name.replace(':', '-')}-1.parquet"
        write_table(pa.table({"x": [1]}), home.lake / path)
        entries.append(Entry(table, part, path))
    switch_current(home.lake, entries)
    return home


@pytest.mark.parametrize(
    ("values", "read"), [("m_value", OF_BOTH | OF_PROBES), ("beta", OF_BOTH | OF_PROBES),
                         ("voom", OF_BOTH), ("log_cpm", OF_BOTH)],
)  # fmt: skip
def test_manifest_and_masks_are_inputs_of_betas(home: Home, values: str, read: set[str]) -> None:
    inputs = lake_inputs(home, Analysis.model_construct(assay="meth", values=values))
    assert {name.rstrip(":") for name in inputs} == read
    assert all(path.endswith("-1.parquet") for path in inputs.values())
