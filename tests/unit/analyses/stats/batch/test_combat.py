from __future__ import annotations

import re
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from analyses.stats.batch import combat_prior
from analyses.stats.batch.combat import CombatAdjustment, CombatFit, combat
from analyses.stats.batch.combat_design import (
    CombatError,
    ConfoundedError,
    CovariateError,
    SingleSampleBatchError,
    TooFewBatchesError,
    combat_design,
)
from analyses.stats.batch.combat_summary import FeatureStatus
from cohortmart.core.types import Floats
from tests.support.naive_combat import naive_combat

BATCH = ["p2", "p1", "p3", "p1", "p2", "p1", "p3", "p2", "p1", "p2", "p3", "p1", "p2", "p3"]
CODES = np.array([int(b[1]) - 1 for b in BATCH])
N = len(BATCH)
GROUP = np.tile([0.0, 1.0], 7)


@pytest.fixture
def covariates(rng: np.random.Generator) -> Floats:
    return np.column_stack([GROUP, rng.uniform(20, 45, N)])


@pytest.fixture
def values(rng: np.random.Generator) -> Floats:
    y = rng.normal(4, 2, size=(50, 1)) + rng.normal(size=(50, N)) * rng.uniform(0.3, 2, (50, 1))
    y += rng.normal([0.5, -1.0, 0.2], 0.7, size=(50, 3))[:, CODES]
    return np.asarray(y + rng.normal(size=(50, 1)) * GROUP)


def adjustment(
    y: Floats, covariates: Floats | None = None, mean_only: bool = False
) -> CombatAdjustment:
    fit = CombatFit(combat_design(BATCH, covariates, mean_only))
    fit.add(y)
    return fit.finish()


@pytest.mark.parametrize("mean_only", [False, True])
@pytest.mark.parametrize("n_covariates", [0, 1, 2])
@pytest.mark.parametrize("holes", [0.0, 0.12])
def test_as_one_feature_at_a_time(
    values: Floats,
    covariates: Floats,
    rng: np.random.Generator,
    holes: float,
    n_covariates: int,
    mean_only: bool,
) -> None:
    keep = covariates[:, :n_covariates]
    values[rng.random(values.shape) < holes] = np.nan
    if holes:
        values[3, CODES == 1] = np.nan  # no value of a batch
        values[4, np.flatnonzero(CODES == 2)[1:]] = np.nan  # one value of a batch
        values[5, CODES == 0] = np.nan
        values[5, np.flatnonzero(CODES == 1)[:4]] = np.nan
        values[6, GROUP == 1] = np.nan  # a category without values
    found = adjustment(values, keep, mean_only)
    without = FeatureStatus.ADJUSTED_WITHOUT_SOME_BATCHES
    assert found.n_by_status().get(without, 0) == (2 if holes else 0)
    assert found.n_by_status()[FeatureStatus.ADJUSTED] == (48 if holes else 50)
    if holes:
        assert found.shift[3, 1] == found.stretch[3, 1] == 0
    expected = naive_combat(values, BATCH, keep, mean_only)
    np.testing.assert_allclose(found.apply(values), expected, rtol=0, atol=1e-11)


def test_complete_features_do_not_depend_on_how_others_are_stored(
    values: Floats, covariates: Floats
) -> None:
    """Both ways of fitting, with and without missing values, give the same sums."""
    holed = np.vstack([values, values[:1]])
    holed[-1, 3] = np.nan
    both = adjustment(holed, covariates)
    alone = adjustment(values, covariates)
    np.testing.assert_allclose(both.grand_mean[:-1], alone.grand_mean, rtol=1e-12)
    assert both.apply(holed).shape == (51, N)
    assert np.isnan(both.apply(holed)).sum() == 1


def unchanged_features(values: Floats) -> tuple[Floats, dict[int, FeatureStatus]]:
    y = values.copy()
    y[0] = 7.1
    y[1, CODES == 2] = 0.1
    y[2] = np.nan
    y[3, CODES != 1] = np.nan
    y[4, CODES == 0] = np.nan
    y[4, (CODES == 1) & (GROUP == 0)] = np.nan
    y[4, (CODES == 2) & (GROUP == 1)] = np.nan
    y[5] = np.where(np.isin(np.arange(N), [1, 2, 4]), y[5], np.nan)
    y[6] = 3.7 + 2.2 * GROUP + 0.9 * (CODES == 1)
    return y, {
        0: FeatureStatus.CONSTANT_IN_A_BATCH,
        1: FeatureStatus.CONSTANT_IN_A_BATCH,
        2: FeatureStatus.NOT_ESTIMABLE,
        3: FeatureStatus.NOT_ESTIMABLE,
        4: FeatureStatus.NOT_ESTIMABLE,  # group and batch go together in what is left
        5: FeatureStatus.NOT_ESTIMABLE,  # as many values as batches
        6: FeatureStatus.NO_RESIDUAL_VARIANCE,
    }


@pytest.mark.parametrize("mean_only", [False, True])
def test_what_cannot_be_adjusted_comes_back_to_the_bit(values: Floats, mean_only: bool) -> None:
    y, expected = unchanged_features(values)
    found = adjustment(y, GROUP[:, None], mean_only)
    assert {i: FeatureStatus(found.status[i]) for i in expected} == expected
    assert (found.status[7:] == FeatureStatus.ADJUSTED).all()
    assert found.n_by_status() == {
        FeatureStatus.ADJUSTED: 43,
        FeatureStatus.CONSTANT_IN_A_BATCH: 2,
        FeatureStatus.NOT_ESTIMABLE: 4,
        FeatureStatus.NO_RESIDUAL_VARIANCE: 1,
    }
    out = found.apply(y)
    assert out[:7].tobytes() == y[:7].tobytes()
    assert [p.n_features for p in found.priors] == [43, 43, 43]
    np.testing.assert_allclose(
        out[7:], combat(y[7:], BATCH, GROUP[:, None], mean_only), rtol=0, atol=1e-12
    )


def test_one_residual_degree_of_freedom_is_enough(values: Floats) -> None:
    """A category without values takes none."""
    seen = [[0, 2, 4, 8], [1, 2, 4, 8]]  # the second needs one for the group
    for row, samples in enumerate(seen):
        values[row, np.setdiff1d(np.arange(N), samples)] = np.nan
    found = adjustment(values, GROUP[:, None])
    assert list(found.status[:2]) == [FeatureStatus.ADJUSTED, FeatureStatus.NOT_ESTIMABLE]


def test_priors_are_the_moments_of_all_features(values: Floats) -> None:
    found = adjustment(values)
    batch_means = np.column_stack([values[:, b == CODES].mean(axis=1) for b in range(3)])
    sd = np.sqrt(((values - batch_means[:, CODES]) ** 2).mean(axis=1))
    hat = (batch_means[:, 1] - values.mean(axis=1)) / sd
    own = values[:, CODES == 1].var(axis=1, ddof=1) / sd**2
    prior = found.priors[1]
    assert (prior.batch, prior.n_samples, prior.n_features) == ("p2", 5, 50)
    assert prior.gamma_bar == pytest.approx(hat.mean(), rel=1e-12)
    assert prior.tau2 == pytest.approx(hat.var(ddof=1), rel=1e-12)
    assert prior.delta2_bar == pytest.approx(own.mean(), rel=1e-12)
    # an inverse gamma with these has the moments of the variances
    assert prior.b / (prior.a - 1) == pytest.approx(own.mean(), rel=1e-12)
    spread = prior.b**2 / ((prior.a - 1) ** 2 * (prior.a - 2))
    assert spread == pytest.approx(own.var(ddof=1), rel=1e-10)
    assert prior.rounds > 1
    mean_only = adjustment(values, mean_only=True).priors[1]
    assert mean_only.gamma_bar == prior.gamma_bar
    assert np.isnan([mean_only.delta2_bar, mean_only.a, mean_only.b]).all()
    assert mean_only.rounds == 0


def test_the_stop_is_for_the_batch_as_a_whole(
    values: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the features are chunked."""
    whole = adjustment(values)
    monkeypatch.setattr(combat_prior, "_CHUNK", 3)
    chunked = adjustment(values)
    assert chunked.priors == whole.priors
    assert chunked.apply(values).tobytes() == whole.apply(values).tobytes()


def test_equal_variances_are_shrunk_to_one_value(values: Floats) -> None:
    """Features that are copies, but for their level: a prior of infinite sharpness."""
    y = np.array([values[0], values[0] + 1, values[0] * -1])
    found = adjustment(y)
    out = found.apply(y)
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[1], out[0] + 1, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.stretch[0], found.stretch[2], rtol=1e-6)


def test_large_levels_cost_no_accuracy(values: Floats, covariates: Floats) -> None:
    y = np.round(values, 6)  # so that adding the level loses nothing
    level = 2.0**20
    far = combat(y + level, BATCH, covariates + np.array([0, 1e6])) - level
    np.testing.assert_allclose(far, combat(y, BATCH, covariates), rtol=0, atol=1e-7)


def test_covariates_of_very_different_sizes(values: Floats, covariates: Floats) -> None:
    found = combat(values, BATCH, covariates * [1e-12, 1e12])
    np.testing.assert_allclose(found, combat(values, BATCH, covariates), rtol=0, atol=1e-9)


def test_rows_by_position(values: Floats) -> None:
    found = adjustment(values)
    some = np.array([7, 3, 40])
    whole = found.apply(values)[some]
    np.testing.assert_allclose(found.apply(values[some], some), whole, rtol=0, atol=1e-12)
    before = values.copy()
    found.apply(values)
    np.testing.assert_array_equal(values, before)


def test_memory_holds_no_matrix() -> None:
    n_blocks, block = 40, np.random.default_rng(3).normal(size=(1000, 140))
    fit = CombatFit(combat_design(BATCH * 10))
    tracemalloc.start()
    for i in range(n_blocks):
        fit.add(block + i)
    found = fit.finish()
    for i in range(n_blocks):
        found.apply(block + i, slice(i * 1000, (i + 1) * 1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n_blocks * block.nbytes / 3


def test_one_batch() -> None:
    with pytest.raises(TooFewBatchesError, match="two batches, but all 3 samples are of batch a"):
        combat_design(["a", "a", "a"])
    with pytest.raises(TooFewBatchesError, match="there is no sample"):
        combat_design([])


def test_samples_without_a_batch() -> None:
    with pytest.raises(CombatError, match=r"2 of 4 samples have no batch \(number 2, 4\)"):
        combat_design(["a", "", "b", None])  # type: ignore[list-item]


def test_batches_of_one_sample() -> None:
    batch = ["a", "b", "b", "c", "d", "d"]
    with pytest.raises(SingleSampleBatchError, match="batches a, c have one sample only") as e:
        combat_design(batch)
    assert e.value.names == ("a", "c")
    assert "mean_only" in e.value.hint
    assert combat_design(batch, mean_only=True).n_batches == 4


def columns(*given: Sequence[float]) -> Floats:
    return np.array(given, dtype=float).T


SIX = ["a", "a", "b", "b", "c", "c"]
MIXED = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("covariates", "error", "said"),
    [
        (columns(MIXED[:5]), CovariateError, "shape (5, 1) do not go with 6 batch labels"),
        (np.array(MIXED), CovariateError, "shape (6,)"),
        (
            columns(MIXED, [1, 2, 3, np.nan, 5, np.inf]),
            CovariateError,
            "missing or infinite values: age (2 samples)",
        ),
        (columns(MIXED, [3] * 6), CovariateError, "covariate age is the same in all samples"),
        (
            columns(MIXED, [1 - v for v in MIXED]),
            CovariateError,
            "covariates sex, age are sums of each other",
        ),
        (
            columns(MIXED, [0, 0, 0, 0, 1, 1]),
            ConfoundedError,
            "covariate age cannot be told from batch c: within every batch it does not vary",
        ),
        (
            columns(MIXED, [m + v for m, v in zip(MIXED, [0, 0, 5, 5, 7, 7], strict=True)]),
            ConfoundedError,
            "covariates sex, age cannot be told from batches a, c",
        ),
        (
            columns(MIXED, [5, 3, 8, 1, 9, 9], [2, 7, 1, 8, 2, 8]),
            CovariateError,
            "6 samples leave nothing to estimate a variance from: the model has 3 batches and 3",
        ),
    ],
)
def test_covariates_that_cannot_be_kept(
    covariates: Floats, error: type[CombatError], said: str
) -> None:
    names = ["sex", "age", "cells"][: covariates.shape[1] if covariates.ndim == 2 else 1]
    with pytest.raises(error, match=re.escape(said)) as e:
        combat_design(SIX, covariates, covariate_names=names)
    assert isinstance(e.value, ValueError)
    assert e.value.hint in str(e.value)


def test_more_covariates_than_samples(rng: np.random.Generator) -> None:
    with pytest.raises(CovariateError, match="covariates 1, 2, 3, 4, 5, 6 and 7 are sums"):
        combat_design(SIX, rng.normal(size=(6, 7)))
    with pytest.raises(ConfoundedError):
        combat_design(SIX, rng.normal(size=(6, 5)))
    with pytest.raises(CovariateError, match="1 names for 2 covariates"):
        combat_design(SIX, rng.normal(size=(6, 2)), covariate_names=["x"])


def test_values_that_cannot_be_used(values: Floats) -> None:
    fit = CombatFit(combat_design(BATCH))
    with pytest.raises(CombatError, match=r"shape \(50, 13\) do not go with 14 samples"):
        fit.add(values[:, 1:])
    with pytest.raises(CombatError, match="there are no features"):
        fit.finish()
    values[33, 4], values[33, 5] = np.inf, -np.inf
    with pytest.raises(CombatError, match=r"feature 34 \(counted from 1\) has an infinite value"):
        combat(values, BATCH)
    fit = CombatFit(combat_design(BATCH))
    fit.add(values[:20])
    with pytest.raises(CombatError, match="feature 34 "):
        fit.add(values[20:])
    values[33, 4:6] = 1.0
    holed = np.where(np.arange(N) == 3, np.nan, values)
    holed[7, 0] = -np.inf
    with pytest.raises(CombatError, match=r"feature 8 .* infinite"):
        combat(holed, BATCH)
    with pytest.raises(CombatError, match="batch p1 has 1 features that can be adjusted"):
        combat(values[:1], BATCH)
    found = adjustment(values)
    with pytest.raises(CombatError, match="50 features of values for 10 features of the fit"):
        found.apply(values, slice(0, 10))
    with pytest.raises(CombatError, match="do not go with 14 samples"):
        found.apply(values[:, :2])


def test_a_fit_is_finished_once(values: Floats) -> None:
    fit = CombatFit(combat_design(BATCH))
    fit.add(values)
    fit.finish()
    with pytest.raises(CombatError, match="there are no features"):
        fit.finish()
    with pytest.raises(CombatError, match="finished"):
        fit.add(values)


@pytest.mark.parametrize("left", [1, 2])
def test_a_batch_without_variance(values: Floats, left: int) -> None:
    of = np.flatnonzero(CODES == 1)
    values[:, of[left:]] = np.nan
    values[:, of[:left]] = values[:, of[:1]]
    with pytest.raises(CombatError, match="batch p2: no variance of its own") as e:
        combat(values, BATCH)
    assert e.value.names == ("p2",)
    assert np.isnan(combat(values, BATCH, mean_only=True)).sum() == np.isnan(values).sum()
