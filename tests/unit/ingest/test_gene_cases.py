"""Ids, gene sets and networks as public reports have them, ingested from their own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.study.load import load_study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import ingest


@pytest.fixture
def cases(shared_data: Path) -> Path:
    return shared_data.parent / "cases"


class Case:
    """A study file, ingested into a folder of its own."""

    def __init__(self, study_file: Path, home: Home, **read: Any) -> None:
        study = load_study(study_file)
        rna = study.assays["rna"]
        options = rna.read.model_copy(update=read)
        study = study.model_copy(
            update={"assays": {"rna": rna.model_copy(update={"read": options})}}
        )
        self.home, self.said = home, list[str]()
        ingest(study, home, study_file, self.said.append)

    def table(self, name: str) -> list[dict[str, Any]]:
        paths = [e.path for e in read_current(self.home.lake) if e.table_name == name]
        return [row for path in paths for row in pq.read_table(self.home.lake / path).to_pylist()]

    def says(self, text: str) -> bool:
        return any(text in line for line in self.said)


@pytest.mark.parametrize("name", ["study.yml", "study_bar.yml"])
def test_versioned_ids_with_symbol(cases: Path, tmp_path: Path, name: str) -> None:
    case = Case(cases / "versioned_ids_with_symbol" / name, Home(tmp_path / "out"))
    features = {row["feature_id"]: row["gene_name"] for row in case.table("feature")}
    assert features == {f"ENSG{100_000 + i:011d}": f"SYN{i}" for i in range(40)}
    assert case.says("40 of 40 ids are an id and a name")


def test_excel_genes_public(cases: Path, tmp_path: Path) -> None:
    file = cases / "excel_genes_public" / "study.yml"
    with pytest.raises(IngestError, match="names of 3 genes into dates") as caught:
        Case(file, Home(tmp_path / "refused"))
    assert caught.value.line == 5
    assert "excel_dates: drop" in str(caught.value.hint)
    dropped = Case(file, Home(tmp_path / "drop"), excel_dates="drop")
    assert len(dropped.table("feature")) == 37
    assert dropped.says("3 rows left out")
    kept = Case(file, Home(tmp_path / "keep"), excel_dates="keep")
    ids = {row["feature_id"] for row in kept.table("feature")}
    assert len(ids) == 40
    assert {"1-Mar", "1-Mar.1", "2-Sep"} <= ids


def test_gmt_real_world(cases: Path, tmp_path: Path) -> None:
    case = Case(cases / "gmt_real_world" / "study.yml", Home(tmp_path / "out"))
    sizes: dict[str, int] = {}
    for row in case.table("gene_set"):
        sizes[row["gene_set"]] = sizes.get(row["gene_set"], 0) + 1
    assert sizes == {"Set one": 3, "Set two": 2, "Set three": 2}
    assert case.says("1 set without a gene left out: Empty after mapping")
    assert case.says("twice with the same genes, counted once: Set two")


def test_network_columns(cases: Path, tmp_path: Path) -> None:
    folder = cases / "network_columns"
    case = Case(folder / "study.yml", Home(tmp_path / "out"))
    rows = (folder / "biogrid.tab3.txt").read_text().splitlines()[1:]
    pairs = {tuple(sorted(row.split("\t")[1:3])) for row in rows}
    assert {(r["gene_a"], r["gene_b"]) for r in case.table("network_edge")} == pairs
    scored = Case(folder / "study_string.yml", Home(tmp_path / "string"))
    assert scored.says("combined_score holds scores from 150 to 976 that are not used")
