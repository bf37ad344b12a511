"""Derived assays: features looked up, numbers made, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from analyses.load.feature_matching import Matched, check_matched, match_features
from analyses.normalise.derived.log_cpm import log_cpm_rows
from analyses.normalise.derived.methods import METHODS, DerivedNumbers, DeriveRun
from analyses.normalise.source import LayerSource
from analyses.stats.composition.constrained_projection import constrained_projection
from analyses.stats.scores.activity import univariate_activity
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.derive_records import Derive
from cohortmart.core.types import Floats
from tests.support.layer_source import source_of

Edges = Sequence[tuple[str, str, float]]


def derive(method: str, **options: object) -> Derive:
    file = {"cell_fractions": "reference", "linear_score": "weights", "activity": "network"}
    given = {"from": "meth", "method": method, file[method]: "dir/w.csv", **options}
    return Derive.model_validate(given)


def made(
    asked: Derive, edges: Edges, source: LayerSource, names: dict[str, str] | None = None
) -> DerivedNumbers:
    ids = source.feature_ids.to_pylist()
    weights = pl.DataFrame(
        list(edges), schema=["component", "feature_id", "weight"], orient="row"
    ).sort("component", "feature_id")
    wanted = sorted({f for _, f, _ in edges if f != "(Intercept)"})
    matched = match_features(wanted, ids, names or {})
    check_matched(matched, "made", asked, wanted, ids, names or {})
    there = weights.filter(pl.col("feature_id").is_in([*matched.positions, "(Intercept)"]))
    run = DeriveRun(
        asked, there, matched, len(ids), source.sample_ids, source.rows, "derived assay made"
    )
    return METHODS[asked.method](run)


@pytest.fixture
def betas(rng: np.random.Generator) -> Floats:
    return rng.random((40, 6))


def profiles(
    rng: np.random.Generator, rows: Sequence[int]
) -> tuple[Floats, list[tuple[str, str, float]]]:
    """Three cell types whose names are not in the order of the columns."""
    matrix = rng.random((len(rows), 3))
    types = ["NK", "B", "Mono"]
    edges = [
        (types[k], f"cg{row:08d}", float(matrix[i, k]))
        for i, row in enumerate(rows)
        for k in range(3)
    ]
    return matrix[:, [1, 2, 0]], edges


def test_cell_fractions_are_those_of_the_rows_that_are_there(
    betas: Floats, rng: np.random.Generator
) -> None:
    rows = [3, 8, 9, 20, 21, 33, 38, 39, 99, 98]  # two are not in the assay
    matrix, edges = profiles(rng, rows)
    found = made(derive("cell_fractions"), edges, source_of(betas))
    assert found.names == ("B", "Mono", "NK")
    wanted = constrained_projection(betas[rows[:8]], matrix[:8], whole=False).fractions
    np.testing.assert_allclose(found.values, wanted.T, atol=1e-14)
    assert found.notes == ()


def test_samples_with_holes_in_their_betas(betas: Floats, rng: np.random.Generator) -> None:
    rows = list(range(10, 20))
    matrix, edges = profiles(rng, rows)
    betas[rows] = matrix @ rng.dirichlet(np.ones(3), 6).T
    betas[rows, 5] = 1 - betas[rows, 5] / 2 - matrix.sum(axis=1)  # falls where the types rise
    betas[12, 1] = np.nan
    betas[10:16, 4] = np.nan
    found = made(derive("cell_fractions", solver="robust"), edges, source_of(betas))
    assert np.isnan(found.values).all(axis=0).tolist() == [False] * 4 + [True, True]
    assert found.notes == (
        "2 samples without a value of some CpGs of the reference: these were left out for the "
        "sample",
        "no fractions of 1 sample, as too many features are missing: S4",
        "no fractions of 1 sample, as no cell type fits: S5",
    )


def test_a_type_made_of_others_is_named(betas: Floats, rng: np.random.Generator) -> None:
    edges = profiles(rng, range(10))[1]
    mixed = {f: 0.0 for _, f, _ in edges}
    for component, feature, beta in edges:
        mixed[feature] += {"B": 0.5, "NK": 0.5}.get(component, 0.0) * beta
    edges += [("both", f, b) for f, b in mixed.items()]
    with pytest.raises(AnalysisError, match="follows from those of others") as caught:
        made(derive("cell_fractions"), edges, source_of(betas))
    assert caught.value.found == "B, NK, both"


def test_scores_with_constants_and_transform(betas: Floats) -> None:
    edges = [("a", "cg00000001", 2.0), ("a", "(Intercept)", -1.0), ("b", "cg00000002", 1.0)]
    found = made(derive("linear_score"), edges, source_of(betas))
    assert found.names == ("a", "b")
    np.testing.assert_allclose(found.values, [2 * betas[1] - 1, betas[2]], rtol=1e-14)
    edges = edges[:1]
    found = made(
        derive("linear_score", intercept=1.5, transform="anti_log_linear"), edges, source_of(betas)
    )
    np.testing.assert_allclose(found.values[0], 21 * (2 * betas[1] + 1.5) + 20, rtol=1e-14)


def test_a_constant_in_two_places(betas: Floats) -> None:
    edges = [("a", "cg00000001", 2.0), ("a", "(Intercept)", -1.0)]
    with pytest.raises(AnalysisError, match="the constant stands both"):
        made(derive("linear_score", intercept=0.5), edges, source_of(betas))


def test_missing_values_of_a_score_are_means_and_said(betas: Floats) -> None:
    betas[1, 2] = np.nan
    edges = [("a", "cg00000001", 2.0), ("a", "cg00000002", 1.0)]
    found = made(derive("linear_score"), edges, source_of(betas))
    assert found.values[0, 2] == pytest.approx(2 * np.nanmean(betas[1]) + betas[2, 2])
    assert found.notes == ("1 missing value of 1 sample taken as the mean of the other samples",)


def genes(values: Floats) -> LayerSource:
    source = source_of(values)
    ids = pa.array([f"ENSG{i:011d}.{i % 3 + 1}" for i in range(len(values))])
    blocks = [(slice(s, s + 9)) for s in range(0, len(values), 9)]
    return LayerSource(
        "counts", "raw", lambda: iter([(ids[b], values[b]) for b in blocks]), ids,
        source.sample_ids, source.columns,
    )  # fmt: skip


def network(targets: dict[str, list[int]], name: str) -> list[tuple[str, str, float]]:
    return [
        (source, name.format(t), (-1.0) ** i * (1 + i / 10))
        for source, own in targets.items()
        for i, t in enumerate(own)
    ]


TARGETS = {"JUN": [1, 2, 3, 5, 8, 13], "FOS": [4, 9, 16, 25, 36], "few": [0, 10, 20]}


@pytest.mark.parametrize("name", ["ENSG{:011d}", "ENSG{:011d}.7", "GENE{}"])
def test_activities_whatever_the_ids(betas: Floats, name: str) -> None:
    source = genes(betas)
    names = {i: f"GENE{row}" for row, i in enumerate(source.feature_ids.to_pylist())}
    edges = network(TARGETS, name)
    found = made(derive("activity"), edges, source, names)
    assert found.names == ("FOS", "JUN")
    weights = np.zeros((40, 2))
    for column, of in enumerate(("FOS", "JUN")):
        for i, t in enumerate(TARGETS[of]):
            weights[t, column] = (-1.0) ** i * (1 + i / 10)
    wanted = univariate_activity(betas, weights, weights != 0).t
    np.testing.assert_allclose(found.values, wanted, rtol=1e-12)
    assert found.notes == ("1 source left out, with fewer than 5 targets in meth: few",)


def test_genes_of_one_name_all_count(betas: Floats) -> None:
    source = genes(betas)
    ids = source.feature_ids.to_pylist()
    names = {i: f"GENE{row // 2}" for row, i in enumerate(ids)}
    found = made(derive("activity"), network({"JUN": [0, 3, 4]}, "GENE{}"), source, names)
    weights = np.zeros((40, 1))
    for i, t in enumerate([0, 3, 4]):
        weights[[2 * t, 2 * t + 1], 0] = (-1.0) ** i * (1 + i / 10)
    wanted = univariate_activity(betas, weights, weights != 0).t
    np.testing.assert_allclose(found.values, wanted, rtol=1e-12)
    mean = made(derive("linear_score"), [("s", "GENE3", 1.0)], source, names)
    np.testing.assert_allclose(mean.values[0], betas[6:8].mean(axis=0))


def test_no_source_with_enough_targets(betas: Floats) -> None:
    with pytest.raises(AnalysisError, match="no source has 7 targets in meth") as caught:
        made(derive("activity", minimum_targets=7), network(TARGETS, "ENSG{:011d}"), genes(betas))
    assert caught.value.found == "at most 6"


def note(n_found: int, n_wanted: int, ids: Sequence[str] = ("cg1",)) -> str:
    wanted = [f"cg{i:08d}" for i in range(n_wanted)]
    matched = Matched(dict.fromkeys(wanted[:n_found], (0,)), "feature_id", n_wanted)
    return check_matched(matched, "cells", derive("cell_fractions"), wanted, ids, {})


def test_how_many_features_were_there() -> None:
    assert note(10, 10) == "10 of the 10 CpGs of w.csv (100 %) are in meth"
    assert note(8, 10) == "8 of the 10 CpGs of w.csv (80 %) are in meth"
    assert note(79, 100).startswith("warning: only 79 of the 100 CpGs")
    assert note(5, 10).startswith("warning: only 5 of the 10")
    with pytest.raises(AnalysisError) as caught:
        note(4, 10)
    error = caught.value
    assert error.problem == (
        "derived assay cells: only 4 of the 10 CpGs of w.csv (40 %) are in meth"
    )
    assert error.expected == "at least 50 %"
    assert "cg00000004" in str(error.found)
    assert error.file == Path("dir/w.csv")


def test_ends_of_epic_v2_are_told() -> None:
    with pytest.raises(AnalysisError, match="collapse_replicates: true"):
        note(0, 4, [f"cg{i:08d}_TC21" for i in range(4)])


def test_ids_of_another_kind(betas: Floats) -> None:
    with pytest.raises(AnalysisError) as caught:
        made(derive("activity"), [("JUN", f"{100 + i}", 1.0) for i in range(9)], genes(betas))
    assert "Entrez numbers" in str(caught.value)
    assert "Ensembl genes" in str(caught.value)


def test_log_cpm_whatever_the_blocks(tmp_path: Path, rng: np.random.Generator) -> None:
    counts = rng.poisson(rng.gamma(1, 40, (50, 1)) * np.ones(6)).astype(float)
    blocks = {n: list(log_cpm_rows(source_of(counts, block=n), tmp_path)) for n in (7, 50)}
    whole = {n: np.vstack([v for _, v in rows]) for n, rows in blocks.items()}
    assert [i for ids, _ in blocks[7] for i in ids.to_pylist()] == [f"cg{i:08d}" for i in range(50)]
    np.testing.assert_array_equal(whole[7], whole[50])
    # a gene with twice the share of its library is 1 higher, but for the prior count
    library = counts.sum(axis=0)
    rough = np.log2((counts + 2) / (library + 4) * 1e6)
    assert np.abs(whole[7] - rough).max() < 0.5
    assert list(tmp_path.iterdir()) == []


def test_a_sample_without_counts_has_no_log_cpm(tmp_path: Path) -> None:
    counts = np.array([[5.0, 0, 3], [10, 0, 9]])
    found = np.vstack([v for _, v in log_cpm_rows(source_of(counts), tmp_path)])
    assert np.isnan(found).all(axis=0).tolist() == [False, True, False]
