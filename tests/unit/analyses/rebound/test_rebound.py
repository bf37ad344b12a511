"""Rebound: by its definition, in studies without any effect, and with planted ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from analyses.rebound.pairs import PairDifference, differences
from analyses.rebound.rebound import (
    amplitude_contrasts,
    difference_contrasts,
    rebound_class,
    rebound_p,
    rebound_test,
)
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from cohortmart.core.types import Bools, Floats
from tests.support.dense import dense_fit
from tests.support.pregnancies import (
    GROUPS,
    PAIRS,
    WITHIN_WOMAN,
    Analysed,
    analyse,
    contrasts,
    design,
    simulate,
)

NAN = float("nan")


def naive(log_fc_1: float, log_fc_2: float, p_1: float, p_2: float) -> tuple[float, float, str]:
    """p_rebound, p_same and class of one feature."""
    if any(math.isnan(x) for x in (log_fc_1, log_fc_2, p_1, p_2)):
        return NAN, NAN, ""
    if log_fc_1 == 0 or log_fc_2 == 0:
        return 1.0, 1.0, ""
    one, two = ("up" if x > 0 else "down" for x in (log_fc_1, log_fc_2))
    larger = max(p_1, p_2)
    return (larger if one != two else 1.0), (larger if one == two else 1.0), f"{one}-{two}"


def test_by_definition():
    values = (-2.0, -1e-200, -0.0, 0.0, 1e-200, 0.5, NAN)
    log_fc = np.array([(a, b) for a in values for b in values])
    p = np.random.default_rng(3).uniform(size=log_fc.shape)
    rows = np.r_[np.c_[log_fc, p], [[1, -1, NAN, 0.1], [1, -1, 0.1, NAN], [1, -1, 0.0, 1e-300]]]
    expected = [naive(*row) for row in rows]
    found = rebound_p(*rows.T)
    np.testing.assert_array_equal(found[0], [e[0] for e in expected])
    np.testing.assert_array_equal(found[1], [e[1] for e in expected])
    finite = ~np.isnan(rows).any(axis=1)
    assert rebound_class(*rows[finite, :2].T).tolist() == [
        e[2] for e, ok in zip(expected, finite, strict=True) if ok
    ]


def test_a_missing_change_has_no_class():
    assert rebound_class(np.array([NAN, 1.0]), np.array([1.0, NAN])).tolist() == ["", ""]


def test_features_not_tested_do_not_count_in_the_adjustment():
    test = rebound_test(
        np.array([1.0, NAN, 1.0, -1.0]),
        np.array([-1.0, -1.0, 1.0, 1.0]),
        np.array([0.01, 0.01, 0.02, 0.2]),
        np.array([0.004, 0.01, 0.03, 0.3]),
    )
    np.testing.assert_allclose(test.adj_p_rebound, [0.03, NAN, 1.0, 0.45])
    np.testing.assert_allclose(test.adj_p_same, [1.0, NAN, 0.09, 1.0])


def test_amplitude_is_the_peak_against_the_mean_of_the_ends():
    found = amplitude_contrasts(contrasts(), PAIRS)
    np.testing.assert_array_equal(found[:, 0], [-0.5, 0, 1, -0.5, 0, 0, 0, 0])
    np.testing.assert_array_equal(found[:, 1], [0, 0, 0, 0, -0.5, 0, 1, -0.5])


def test_difference_is_the_amplitude_of_the_group_minus_that_of_the_reference():
    found = difference_contrasts(contrasts(), PAIRS, differences(PAIRS, GROUPS))
    np.testing.assert_array_equal(found[:, 0], [0.5, 0, -1, 0.5, -0.5, 0, 1, -0.5])
    swapped = [PairDifference(PAIRS[0].pair, "HP", "MS")]
    np.testing.assert_array_equal(difference_contrasts(contrasts(), PAIRS, swapped), -found)
    assert difference_contrasts(contrasts(), PAIRS, []).shape == (8, 0)


def test_amplitude_has_the_error_of_the_joint_contrast():
    """Against generalised least squares with n x n matrices, with missing visits."""
    x, blocks = design()
    y = simulate(5, np.zeros((12, 8)))
    y[np.random.default_rng(6).random(y.shape) < 0.08] = NAN
    wanted = amplitude_contrasts(contrasts(), PAIRS)
    fit = fit_contrasts(y, design_basis(x), wanted, blocks, WITHIN_WOMAN)
    changes = fit_contrasts(y, design_basis(x), contrasts(), blocks, WITHIN_WOMAN)
    for i, row in enumerate(y):
        dense = dense_fit(row, x, wanted, blocks, WITHIN_WOMAN, np.ones(len(x)))
        np.testing.assert_allclose(fit.estimate[i], dense.estimate, rtol=1e-9)
        np.testing.assert_allclose(fit.unscaled_sd[i], dense.unscaled_sd, rtol=1e-9)
    for j, pair in enumerate(PAIRS):
        half = (changes.estimate[:, pair.first] - changes.estimate[:, pair.second]) / 2
        np.testing.assert_allclose(fit.estimate[:, j], half, rtol=1e-9)


# ---- studies without any effect


def null_counts(seeds: Sequence[int], n_features: int = 2000) -> tuple[Floats, Floats, Floats]:
    """Per seed and group: found at 5 %, found by the paper rule, share of p_rebound < 0.05."""
    studies = [analyse(simulate(seed, np.zeros((n_features, 8)))) for seed in seeds]
    each = range(len(GROUPS))
    found = np.array([[s.found(g).sum() for g in each] for s in studies])
    paper = np.array([[s.paper_rule(g).sum() for g in each] for s in studies])
    share = np.array([[(s.tests[g].p_rebound < 0.05).mean() for g in each] for s in studies])
    return found, paper, share


def test_nothing_rebounds_where_nothing_happens():
    found, paper, _ = null_counts(range(5))
    assert (found > 0).any(axis=1).sum() <= 1
    assert paper.mean() > 10  # what the study's rule would have called a rebound


@pytest.mark.slow
def test_nothing_rebounds_in_at_least_95_of_100_null_studies():
    found, paper, share = null_counts(range(100))
    mean = dict(zip(GROUPS, paper.mean(axis=0), strict=True))
    print(f"\nstudies with a false rebound, of 100: {(found > 0).sum(axis=0)}")
    print(f"false rebounds a study by p < 0.05 in both contrasts: {mean}")
    print(f"share of p_rebound < 0.05: {share.mean(axis=0)}")
    assert ((found > 0).sum(axis=0) <= 5).all()
    assert (paper.mean(axis=0) > 15).all()
    # as docs/statistics.md says
    assert share.mean() == pytest.approx(0.0096, abs=0.001)


# ---- planted effects


N_PLANTED = 100


def planted(n_features: int, size: float = 2.0, others: float = 0.0) -> tuple[Floats, Bools]:
    """Means with rebounds, lasting changes and changes that go on, and which rebound.

    `others`: size of a lasting change in all features beside these.
    """
    means = others * np.tile([0.0, 0, 1, 1], (n_features, 2))
    shapes = ([0, 0.5, 1, 0], [0, -0.5, -1, 0.2], [0, 0.5, 1, 1], [0, 0, 1, 2])
    for k, shape in enumerate(shapes):
        rows = slice(k * N_PLANTED // 2, (k + 1) * N_PLANTED // 2)
        means[rows] = size * np.tile(shape, 2)
    return means, np.arange(n_features) < N_PLANTED


def false_share_and_power(studies: Sequence[Analysed], true: Bools) -> Floats:
    """Per study and group: false discovery proportion and power, shape (n, 2, 2)."""
    out = []
    for study in studies:
        found = [study.found(g) for g in range(len(GROUPS))]
        out.append(
            [[(f & ~true).sum() / max(f.sum(), 1), (f & true).sum() / true.sum()] for f in found]
        )
    return np.array(out)


def within_the_promise(false_share: Floats) -> bool:
    """Mean false discovery proportion at most 5 %, but for the error of the simulation."""
    error = false_share.std(axis=0, ddof=1) / np.sqrt(len(false_share))
    return bool((false_share.mean(axis=0) <= 0.05 + 2 * error).all())


def test_planted_rebounds_are_found_and_few_others():
    means, true = planted(1000)
    scores = false_share_and_power([analyse(simulate(s, means)) for s in range(6)], true)
    assert within_the_promise(scores[:, :, 0])
    assert (scores[:, :, 1].mean(axis=0) > [0.8, 0.97]).all()  # 7 and 11 women


def test_directions_of_planted_rebounds():
    means, _ = planted(1000, size=6.0)
    study = analyse(simulate(1, means))
    log_fc = study.fit.estimate
    classes = rebound_class(log_fc[:, PAIRS[1].first], log_fc[:, PAIRS[1].second])
    half = N_PLANTED // 2
    assert set(classes[:half]) == {"up-down"}
    assert set(classes[half : 2 * half]) == {"down-up"}
    assert set(classes[3 * half : 4 * half]) == {"up-up"}
    assert (study.tests[1].adj_p_same[3 * half : 4 * half] < 0.05).all()
    assert (study.tests[1].adj_p_same[: 2 * half] == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("others", [0.0, 10.0], ids=["no effect", "a change that lasts"])
def test_false_discovery_rate_of_planted_rebounds(others):
    """Also where all other features have one of the two changes, the least favourable case."""
    means, true = planted(2000, others=others)
    scores = false_share_and_power([analyse(simulate(s, means)) for s in range(60)], true)
    rate, power = scores.mean(axis=0).T
    print(f"\nfalse discovery rate {rate}, power {power} in {GROUPS}")
    assert within_the_promise(scores[:, :, 0])
    assert (rate > (0.01 if others else 0.0)).all()
    assert (power > [0.8, 0.97]).all()


@pytest.mark.slow
def test_a_change_that_lasts_is_half_of_the_worst_case():
    """One contrast far from zero, the other null: the wrong sign comes up half of the time."""
    means = np.zeros((4000, 8))
    means[:, [2, 3, 6, 7]] = 10.0
    shares = [
        [(t.p_rebound < 0.05).mean() for t in analyse(simulate(s, means)).tests] for s in range(25)
    ]
    print(f"\nshare of p_rebound < 0.05: {np.mean(shares, axis=0)}")
    assert np.mean(shares) == pytest.approx(0.025, abs=0.002)
