"""Names of genes for the files of derived assays, with and without a reference of genes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analyses.load.derive_weights import derive_weights, gene_names, gene_words
from analyses.load.feature_matching import match_features
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import switch_current
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.schemas.tables import LAKE_TABLES

FEATURES = [
    {"assay": "rna", "kind": "counts", "feature_id": "E1", "gene_name": "SEPT2"},
    {"assay": "rna", "kind": "counts", "feature_id": "E2", "gene_name": "JUN"},
    {"assay": "rna", "kind": "counts", "feature_id": "E3", "gene_name": None},
    {"assay": "cd4", "kind": "counts", "feature_id": "E1", "gene_name": "OTHER"},
]
REFERENCE = {
    "gene": [{"reference_gene": 1, "symbol": "SEPTIN2"}, {"reference_gene": 3, "symbol": "FOS"}],
    "gene_match": [
        {"assay": "rna", "feature_id": "E1", "reference_gene": 1},
        {"assay": "rna", "feature_id": "E3", "reference_gene": 3},
    ],
    "gene_alias": [
        {"alias": a, "reference_gene": g, "gene_name": n, "is_certain": c}
        for a, g, n, c in [
            ("SEPT2", 1, "SEPTIN2", True), ("4735", 1, "SEPTIN2", True), ("FOS", 3, "FOS", True),
            ("AP1", 3, "FOS", False), ("lost", 9, None, True),
        ]
    ],
}  # fmt: skip


def lake(folder: Path, **tables: list[dict[str, Any]]) -> Path:
    entries = [
        write_named(pa.Table.from_pylist(rows, schema=LAKE_TABLES[name]), folder, name)
        for name, rows in tables.items()
    ]
    switch_current(folder, entries)
    return folder


def test_names_of_the_matrix(tmp_path: Path) -> None:
    assert gene_names(lake(tmp_path, feature=FEATURES), "rna") == {"E1": "SEPT2", "E2": "JUN"}
    assert gene_words(tmp_path, ["SEPT2"]) == {}


def test_names_of_the_reference_come_first(tmp_path: Path) -> None:
    lake(tmp_path, feature=FEATURES, **REFERENCE)
    assert gene_names(tmp_path, "rna") == {"E1": "SEPTIN2", "E2": "JUN", "E3": "FOS"}
    assert gene_names(tmp_path, "cd4") == {"E1": "OTHER"}
    wanted = ["4735", "SEPT2", "AP1", "JUN", "lost"]
    words = gene_words(tmp_path, wanted)
    assert words == {"4735": "SEPTIN2", "SEPT2": "SEPTIN2"}
    found = match_features(wanted, ["E1", "E2", "E3"], gene_names(tmp_path, "rna"), words)
    assert found.positions == {"4735": (0,), "SEPT2": (0,), "JUN": (1,)}
    assert found.by == "gene_name"


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    lake(tmp_path, feature=FEATURES)
    with pytest.raises(AnalysisError, match="does not have the file of the derived assay tf"):
        derive_weights(tmp_path, "tf")
