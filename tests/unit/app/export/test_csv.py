"""Wide CSV files hold the numbers of the tables to the last digit."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from cohortmart.app.export.pipeline import export_study
from tests.support.export_warehouse import (
    BETAS,
    CONTRASTS,
    COUNTS,
    GENES,
    NAMES,
    PROBES,
    SAMPLES,
    export_warehouse,
    features_of,
    result,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = export_warehouse(tmp_path_factory.mktemp("study") / "out")
    export_study(home, "csv")
    return home.exports / "csv"


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def number(text: str) -> float | None:
    return float(text) if text else None


def test_values_by_feature_and_sample(folder: Path) -> None:
    header, *rows = rows_of(folder / "rna.counts.csv")
    assert header == ["gene_id", "S1", "S2", "S3"]
    assert [row[0] for row in rows] == GENES
    assert [[number(cell) for cell in row[1:]] for row in rows] == COUNTS
    header, *rows = rows_of(folder / "methylation.beta.csv")
    assert [[row[0], *map(number, row[1:])] for row in rows] == [
        [probe, *BETAS[i]] for i, probe in enumerate(PROBES[:2])
    ]
    assert (folder / "rna.log2_cpm.csv").exists()
    assert rows_of(folder / "proteins.transformed.csv") == [
        ["feature_id", "S1", "S2"],
        ["IL-6", "0.1", ""],
    ]


def test_features_and_samples(folder: Path) -> None:
    _, *rows = rows_of(folder / "rna.features.csv")
    assert [row[:2] for row in rows] == [list(pair) for pair in zip(GENES, NAMES, strict=True)]
    _, *rows = rows_of(folder / "samples.csv")
    assert [row[:4] for row in rows] == [list(sample[:4]) for sample in SAMPLES]


@pytest.mark.parametrize("step", [20_000, 2])
def test_results_by_feature_and_contrast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr("cohortmart.app.export.csv._FEATURES", step)
    export_study(export_warehouse(tmp_path / "out"), "csv", tmp_path / "csv")
    for analysis, assay, made in CONTRASTS:
        header, *rows = rows_of(tmp_path / "csv" / f"{analysis}.contrasts.csv")
        names = ["log_fc", "p_value", "adj_p_value"]
        assert header[2:] == [f"{contrast} {name}" for contrast, _ in made for name in names]
        assert [row[0] for row in rows] == features_of(assay)
        for k, row in enumerate(rows):
            expected = [result(i, k)[name] for i in range(len(made)) for name in names]
            assert [number(cell) for cell in row[2:]] == expected
    assert [row[1] for row in rows_of(tmp_path / "csv" / "rna_all.contrasts.csv")[1:]] == NAMES[:3]


def test_compressed_files_hold_the_same(folder: Path, tmp_path: Path) -> None:
    home = export_warehouse(tmp_path / "out")
    export_study(home, "csv", gzip=True)
    first = {p.name: p.read_bytes() for p in (home.exports / "csv").glob("*.csv.gz")}
    assert {name.removesuffix(".gz") for name in first} == {p.name for p in folder.glob("*.csv")}
    for name, content in first.items():
        assert gzip.decompress(content) == (folder / name.removesuffix(".gz")).read_bytes()
    export_study(home, "csv", gzip=True)
    assert first == {p.name: p.read_bytes() for p in (home.exports / "csv").glob("*.csv.gz")}
