"""Activities against decoupler 2.3, against a regression written out, and at their limits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import linregress

from analyses.stats.scores.activity import ActivitySums, univariate_activity
from cohortmart.core.types import Bools, Floats
from tests.support.paths import DATA

FOLDER = DATA / "activity"


def decoupler_case(weighted: bool) -> tuple[Floats, Floats, Bools, list[str], list[str]]:
    table = pl.read_csv(FOLDER / "values.csv")
    network = pl.read_csv(FOLDER / "network.csv")
    features = {name: row for row, name in enumerate(table["feature"])}
    sources = sorted(set(network["source"]))
    weights = np.zeros((len(features), len(sources)))
    targets = np.zeros(weights.shape, np.bool_)
    for source, target, weight in network.rows():
        if target in features:
            at = features[target], sources.index(source)
            weights[at], targets[at] = weight if weighted else 1.0, True
    return table[:, 1:].to_numpy(), weights, targets, sources, table.columns[1:]


@pytest.mark.parametrize("network", ["weighted", "unweighted"])
def test_activities_are_those_of_decoupler(network: str) -> None:
    values, weights, targets, sources, columns = decoupler_case(network == "weighted")
    found = univariate_activity(values, weights, targets)
    rows = pl.read_csv(FOLDER / "expected.csv").filter(pl.col("network") == network)
    wanted = np.full(found.t.shape, np.nan)
    for _, source, column, t in rows.rows():
        wanted[sources.index(source), columns.index(column)] = t
    assert np.isnan(wanted).all(axis=1).tolist() == [s == "TF4" for s in sources]
    np.testing.assert_allclose(found.t, wanted, rtol=1e-9, atol=1e-12)
    assert (found.n_features == 148).all()  # two features are 0 everywhere


@pytest.fixture
def case(rng: np.random.Generator) -> tuple[Floats, Floats, Bools]:
    values = rng.normal(300, 2, (80, 5))
    targets = rng.random((80, 6)) < 0.2
    return values, np.where(targets, rng.normal(0, 1, targets.shape), 0.0), targets


def test_blocks_do_not_matter(case: tuple[Floats, Floats, Bools]) -> None:
    values, weights, targets = case
    whole = univariate_activity(values, weights, targets)
    sums = ActivitySums(6, 5)
    for start in (0, 1, 30):
        rows = slice(start, {0: 1, 1: 30, 30: None}[start])
        sums.add(values[rows], weights[rows], targets[rows])
    sums.add(values[:0], weights[:0], targets[:0])
    found = sums.finish(5)
    np.testing.assert_allclose(found.t, whole.t, rtol=1e-9)
    np.testing.assert_array_equal(found.n_targets, whole.n_targets)


def test_targets_as_a_list(
    case: tuple[Floats, Floats, Bools], monkeypatch: pytest.MonkeyPatch
) -> None:
    values, weights, targets = case
    monkeypatch.setattr("analyses.stats.scores.activity._CHUNK", 6 * 11)
    rows, sources = np.nonzero(targets)
    sums = ActivitySums(6, 5)
    half = rows < 40
    sums.add_targets(values[:40], rows[half], sources[half], weights[rows, sources][half])
    sums.add_targets(values[40:], rows[~half] - 40, sources[~half], weights[rows, sources][~half])
    found, whole = sums.finish(5), univariate_activity(values, weights, targets)
    np.testing.assert_allclose(found.t, whole.t, rtol=1e-9)
    np.testing.assert_array_equal(found.n_targets, whole.n_targets)


def test_missing_values_leave_the_feature_out_for_that_sample(
    case: tuple[Floats, Floats, Bools], rng: np.random.Generator
) -> None:
    values, weights, targets = case
    values[rng.random(values.shape) < 0.2] = np.nan
    found = univariate_activity(values, weights, targets, minimum_targets=1)
    for source in range(6):
        for column in range(5):
            kept = np.isfinite(values[:, column])
            fit = linregress(weights[kept, source], values[kept, column])
            assert found.t[source, column] == pytest.approx(fit.slope / fit.stderr, rel=1e-9)
            assert found.n_targets[source, column] == targets[kept, source].sum()
    assert (found.n_features == np.isfinite(values).sum(axis=0)).all()


def test_too_few_targets_in_one_sample_only(case: tuple[Floats, Floats, Bools]) -> None:
    values, weights, targets = case
    enough = int(targets[:, 0].sum())
    values[np.flatnonzero(targets[:, 0])[0], 2] = np.nan
    found = univariate_activity(values, weights, targets, minimum_targets=enough)
    assert np.isnan(found.t[0]).tolist() == [False, False, True, False, False]


def test_what_does_not_vary_has_no_activity(case: tuple[Floats, Floats, Bools]) -> None:
    values, weights, targets = case
    weights[:, 0], targets[:, 0] = 1.0, True  # every feature is a target
    weights[:, 1] = 0.0
    values[:, 0] = 7.1
    found = univariate_activity(values, weights, targets, minimum_targets=1)
    assert np.isnan(found.t[:2]).all()
    assert np.isnan(found.t[:, 0]).all()
    assert np.isfinite(found.t[2:, 1:]).all()
