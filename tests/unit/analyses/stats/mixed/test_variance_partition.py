"""Shares of variables, people and noise in a feature's variance."""

from __future__ import annotations

import csv
import warnings
from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.variance_partition import (
    MOST_VARIABLES,
    partition_matrices,
    subject_share,
    variance_partition,
)
from cohortmart.core.types import Floats, Ints
from tests.support.lmer_cases import GROUP, PERSON, SAMPLE, SOME, VISIT, noise
from tests.support.paths import DATA

#: Twelve people in two groups, four visits of which some are missed, three batches.
PEOPLE, VISITS = (a[np.r_[0:9, 10:21, 22:48]] for a in (np.repeat(range(12), 4), np.arange(48) % 4))
OF_GROUP = (PEOPLE >= 5).astype(int)
BATCH = np.random.default_rng(4).integers(0, 3, len(PEOPLE))
AGE = np.random.default_rng(5).normal(40, 8, 12)[PEOPLE]
DESIGN = np.column_stack([np.eye(8)[OF_GROUP * 4 + VISITS], np.eye(3)[BATCH][:, 1:], AGE])
VARIABLES = [np.eye(2)[OF_GROUP], np.eye(4)[VISITS], np.eye(3)[BATCH], AGE[:, None]]
BLOCKS = make_blocks([f"p{i:02}" for i in PEOPLE])
BASIS = design_basis(DESIGN)
FORMS = partition_matrices(BASIS, VARIABLES)


def made(rng: np.random.Generator, n: int, t2: float) -> Floats:
    """Values with levels of people, without any other effect."""
    levels = np.sqrt(t2) * rng.normal(size=(n, BLOCKS.n_blocks)) @ BLOCKS.indicators.T
    return np.asarray(levels + rng.normal(size=levels.shape))


def dense_shares(y: Floats, weights: Floats, s2: float, t2: float) -> Floats:
    """Shares by every order of the variables and n x n matrices, given the variances."""
    seen = np.isfinite(y)
    x, z = DESIGN[seen], BLOCKS.indicators[seen]
    v = np.linalg.inv(np.diag(s2 / weights[seen]) + t2 * z @ z.T)
    cov = np.linalg.inv(x.T @ v @ x)
    beta = cov @ x.T @ v @ y[seen]

    def variance(columns: list[Floats]) -> float:
        """Of the projection of X b on some columns, less what errors add."""
        a = np.column_stack([np.ones(len(y)), *columns])
        p = a @ np.linalg.pinv(a) - 1 / len(y)
        form = DESIGN.T @ p @ DESIGN / (len(y) - 1)
        return float(beta @ form @ beta - np.trace(form @ cov))

    orders = list(permutations(range(4)))
    parts = np.zeros(5)
    for order in orders:
        for k, i in enumerate(order):
            before = [VARIABLES[j] for j in order[:k]]
            parts[i] += (variance([*before, VARIABLES[i]]) - variance(before)) / len(orders)
    parts[4] = variance([DESIGN]) - variance(VARIABLES)
    unit = weights[seen].mean()
    whole = np.array([*np.maximum(parts, 0.0), t2, s2 / unit])
    return whole / whole.sum()


@pytest.mark.parametrize("kind", ["complete", "missing", "weighted"])
def test_dense_algebra_agrees(rng: np.random.Generator, kind: str) -> None:
    """Variances of statsmodels' mixed model where there are no weights."""
    y = made(rng, 8, 0.8) + 0.05 * AGE + (VISITS == 3) * OF_GROUP + 0.6 * (BATCH == 2)
    if kind != "complete":
        y[rng.random(y.shape) < 0.06] = np.nan
    weights = np.exp(0.5 * rng.normal(size=y.shape)) if kind == "weighted" else None
    found = variance_partition(y, BASIS, FORMS, BLOCKS, weights)
    n_told = 0
    for i, share in enumerate(found.subject_share):
        w = np.ones(len(PEOPLE)) if weights is None else weights[i]
        seen = np.isfinite(y[i])
        if weights is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a variance near 0
                model = sm.MixedLM(y[i][seen], DESIGN[seen], PEOPLE[seen]).fit(reml=True)
            s2, t2 = float(model.scale), float(model.cov_re[0, 0])
            if t2 > 0.1 * s2:  # nearer to 0 its search stops early
                n_told += 1
                assert share == pytest.approx(t2 / (t2 + s2), abs=2e-4)
        # the scale of the variances follows from their ratio
        left, x, z = y[i][seen], DESIGN[seen], BLOCKS.indicators[seen]
        unit = w[seen].mean()
        v = np.linalg.inv((1 - share) * np.diag(unit / w[seen]) + share * z @ z.T)
        left = left - x @ np.linalg.solve(x.T @ v @ x, x.T @ v @ left)
        total = left @ v @ left / (seen.sum() - DESIGN.shape[1])
        expected = dense_shares(y[i], w, (1 - share) * total * unit, share * total)
        np.testing.assert_allclose(found.shares[i], expected, atol=1e-9)
    np.testing.assert_allclose(found.shares.sum(axis=1), 1.0, atol=1e-14)
    assert n_told >= (0 if kind == "weighted" else 5)


@pytest.mark.parametrize("case", ["balanced", "unbalanced"])
def test_the_share_of_people_is_that_of_lmer(case: str) -> None:
    """The same features as lmer_mixed.R, that stopped at 1e-5."""
    with (DATA / "lmer_mixed.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["case"] == case and r["what"] == "1"]
    t2, s2 = (np.array([float(r[name]) for r in rows]) for name in ("t2", "s2"))
    kept = SOME if case == "unbalanced" else np.ones(30, bool)
    g, s, person, visit = (
        np.arange(1, 9)[:, None],
        SAMPLE[kept],
        PERSON[kept],
        VISIT[kept],
    )
    spread = np.array([0.4, 0.9, 1.6, 3, 0.7, 8, 0.15, 1.2])[:, None]
    y = 6 + g + spread * noise(g + 50, person) + noise(g, s + 40)
    y = y + 0.3 * g * (visit == 2) + 0.2 * GROUP[kept] * visit
    design = np.eye(6)[GROUP[kept] * 3 + visit]
    if case == "unbalanced":
        design = np.column_stack([design, 30 + 6 * noise(person, np.array(3)) + visit / 4])
    blocks = make_blocks([f"{w:02}" for w in person])
    share, low, high = subject_share(y, design_basis(design), blocks)
    np.testing.assert_allclose(share, t2 / (t2 + s2), rtol=1e-5, atol=1e-9)
    assert ((low <= share) & (share <= high) & (high < 1)).all()


def test_orthogonal_variables_have_the_parts_of_an_analysis_of_variance() -> None:
    """Balanced, without noise: what was put in comes out."""
    visit, group, person = np.tile(range(3), 8), np.repeat([0, 1], 12), np.repeat(range(8), 3)
    effects = 2.0 * group + np.array([0.0, 1.0, 5.0])[visit] + 3.0 * group * (visit == 2)
    levels = np.array([1, -1, 2, -2, 2, -2, 1, -1])[person]
    wiggle = np.tile([1.0, -2.0, 1.0, -1.0, 2.0, -1.0], 4)
    y = (effects + levels + 0.01 * wiggle)[None]
    basis = design_basis(np.eye(6)[group * 3 + visit])
    forms = partition_matrices(basis, [np.eye(2)[group], np.eye(3)[visit]])
    found = variance_partition(y, basis, forms, make_blocks([f"{p}" for p in person])).shares[0]
    of_group = 9.0 * 6 / 23  # means of the groups 3 apart
    t2 = 20 / 6
    # people's levels make the difference of the groups uncertain: t2 (1/4 + 1/4) of its square
    of_group -= 6 * t2 / 2 / 23
    at_visit = np.array([1.0, 2.0, 7.5])
    of_visit = 8 * ((at_visit - at_visit.mean()) ** 2).sum() / 23
    both = np.array([-1, -1, 2.0]) / 2
    of_both = 2 * 4 * (both**2).sum() / 23
    whole = np.array([of_group, of_visit, of_both, t2, 0.0])
    np.testing.assert_allclose(found, whole / whole.sum(), atol=1e-3)


def test_confounded_variables_share_what_they_explain() -> None:
    forms = partition_matrices(BASIS, [VARIABLES[0], VARIABLES[0], VARIABLES[1]])
    np.testing.assert_allclose(forms[0], forms[1], atol=1e-12)
    np.testing.assert_allclose(
        forms.sum(axis=0), BASIS.q.T @ (BASIS.q - BASIS.q.mean(axis=0)) / 45, atol=1e-12
    )
    with pytest.raises(ValueError, match="at most 10"):
        partition_matrices(BASIS, [VARIABLES[0]] * (MOST_VARIABLES + 1))


@pytest.mark.parametrize("t2", [0.0, 0.5, 3.0])
def test_calibration(rng: np.random.Generator, t2: float) -> None:
    """Interval, bias of the people's share, and shares of variables without an effect.

    At 0 the share is 0.06 on average, as no estimate is below 0; else up to 0.04 too
    small: few people have few levels.
    """
    true = t2 / (1 + t2)
    found = variance_partition(made(rng, 6000, t2), BASIS, FORMS, BLOCKS)
    covered = ((found.low <= true) & (true <= found.high)).mean()
    assert 0.935 < covered < 0.99
    bias = found.subject_share.mean() - true
    if t2 == 0:
        assert 0.04 < bias < 0.07
        assert np.median(found.subject_share) < 0.02
    else:
        assert -0.045 < bias < 0.005
    visit_batch_both = found.shares[:, [1, 2, 4]].mean(axis=0)
    assert (visit_batch_both < 0.025).all()


def test_without_people_the_rest_is_noise(rng: np.random.Generator) -> None:
    y = made(rng, 5, 1.0)
    y[4] = 3.0
    alone = make_blocks([f"s{i:02}" for i in range(len(PEOPLE))])
    found = variance_partition(y, BASIS, FORMS, alone)
    assert np.isnan(found.subject_share).all()
    assert np.isnan(found.high).all()
    np.testing.assert_array_equal(found.shares[:4, -2], 0.0)
    np.testing.assert_allclose(found.shares[:4].sum(axis=1), 1.0)
    assert np.isnan(found.shares[4]).all()


def test_features_of_every_bad_kind(rng: np.random.Generator) -> None:
    y = made(rng, 5, 1.0)
    y[0] = 3.0
    y[1] = np.nan
    y[2, 5:] = np.nan
    y[3, OF_GROUP * 4 + VISITS == 7] = np.nan  # a mean without a sample
    found = variance_partition(y, BASIS, FORMS, BLOCKS)
    assert np.isnan(found.subject_share[:3]).all()
    assert np.isnan(found.shares[:4]).all()
    assert found.subject_share[3] > 0
    assert np.isfinite(found.shares[4]).all()


def test_parts_of_the_features_give_what_all_do(rng: np.random.Generator) -> None:
    y = made(rng, 40, 1.0)
    y[::3, 4] = np.nan
    codes: Ints = rng.permutation(40)
    whole, some = (variance_partition(a, BASIS, FORMS, BLOCKS) for a in (y, y[codes]))
    np.testing.assert_allclose(whole.shares[codes], some.shares, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(whole.subject_share[codes], some.subject_share, rtol=1e-9)
