from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust
from analyses.stats.numeric.tails import t_two_sided
from analyses.stats.permutation.permutation import PermutationSums
from analyses.stats.permutation.space import permutation_space
from analyses.stats.permutation.space import testable_within as can_be_tested  # pytest: no test
from cohortmart.core.types import Floats, Ints
from tests.support.dense import covariance, simulated
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.4


def prior_of(small: SmallStudy, y: Floats, w: Floats | None = None) -> tuple[Floats, ...]:
    """s2_prior, df_prior, df_total of a fit, and its t and P (n_features, n_contrasts)."""
    fit = fit_contrasts(y, small.basis, small.contrasts, small.blocks, RHO, w)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    m = ebayes(fit, prior)
    return prior.s2_prior, prior.df_prior, m.df_total[:, 0], m.t, m.p_value


def sums_of(
    small: SmallStudy, y: Floats, j: int, w: Floats | None = None, n: int = 60
) -> PermutationSums:
    out = PermutationSums(
        small.basis, small.contrasts[:, j], small.blocks, small.blocks, RHO,
        n_permutations=n, seed=4,
    )  # fmt: skip
    out.add(y, *prior_of(small, y, w)[:3], w)
    return out


# --- once more, one feature and one permutation at a time --------------------------------------


def dense_t(
    small: SmallStudy, y: Floats, w: Floats, c: Floats, order: Ints, prior: tuple[float, float]
) -> float:
    """|t| of the permuted column in a regression of whitened values, the others in place."""
    values, vectors = np.linalg.eigh(covariance(small.blocks, RHO, np.ones(len(y))))
    white = (vectors / np.sqrt(values)) @ vectors.T @ np.diag(np.sqrt(w))
    x, z = white @ small.design, white @ y
    null = x @ np.linalg.svd(c[None, :])[2][1:].T  # the model in which c'b is 0
    column = x @ np.linalg.pinv(x.T @ x) @ c  # all that the contrast adds to it
    full = np.column_stack([null, column[order]])
    coefficient = np.linalg.lstsq(full, z, rcond=None)[0]
    left = z - full @ coefficient
    df = len(y) - full.shape[1]
    s2_prior, df_prior = prior
    s2 = (df_prior * s2_prior + left @ left) / (df_prior + df)
    return abs(coefficient[-1]) / np.sqrt(s2 * np.linalg.inv(full.T @ full)[-1, -1])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("j", [0, 2])
def test_explicit_permutations(small: SmallStudy, weighted: bool, j: int) -> None:
    y = small.y[:12]
    w = small.weights[:12] if weighted else np.ones_like(y)
    sums = sums_of(small, y, j, w if weighted else None, n=60)
    s2_prior, df_prior, df_total, t, p = prior_of(small, y, w if weighted else None)
    (orders,) = sums.orders.chunks()
    c = small.contrasts[:, j]
    permuted = np.array(
        [
            [dense_t(small, y[g], w[g], c, o, (s2_prior[g], df_prior[g])) for o in orders]
            for g in range(12)
        ]
    )
    own, found = np.abs(t[:, j]), sums.p_values()
    np.testing.assert_allclose(found.own, (1 + (permuted >= own[:, None]).sum(axis=1)) / 61)
    largest = permuted.max(axis=0)
    expected = (1 + (largest >= own[:, None]).sum(axis=1)) / 61
    np.testing.assert_allclose(found.family_wise, expected)
    pooled = (1 + (permuted.ravel() >= own[:, None]).sum(axis=1)) / (1 + 60 * 12)
    assert (found.pooled >= pooled - 1e-12).all()  # cells of |t| round it up
    np.testing.assert_allclose(found.pooled, pooled, rtol=0, atol=3 / (1 + 60 * 12))
    check = sums.check()
    assert check.n_found == (p[:, j] < 0.05).sum()
    n_found = (t_two_sided(permuted, df_total[:, None]) < 0.05).sum(axis=0)
    assert check.n_expected == pytest.approx(n_found.mean())
    assert (check.n_low, check.n_high) == pytest.approx(np.quantile(n_found, [0.025, 0.975]))
    assert check.p_value == pytest.approx((1 + (n_found >= check.n_found).sum()) / 61)


def test_two_visits_are_swapped(rng: np.random.Generator) -> None:
    """Six people, two visits: exact, and the same as swapping values and fitting once more."""
    codes = np.repeat(np.arange(6), 2)
    blocks = make_blocks([f"s{i}" for i in codes])
    x = np.tile(np.eye(2), (6, 1))
    basis, c = design_basis(x), np.array([[-1.0], [1.0]])
    y = simulated(rng, 30, blocks, 0.5, x)
    y[:5, 1::2] += 3.0

    def moderated(values: Floats, prior: VariancePrior | None = None) -> tuple[Floats, object]:
        fit = fit_contrasts(values, basis, c, blocks, RHO)
        prior = fit_f_dist(fit.sigma2, fit.df_residual) if prior is None else prior
        return np.abs(ebayes(fit, prior).t[:, 0]), prior

    t, prior = moderated(y)
    assert isinstance(prior, VariancePrior)
    every = []
    for swapped in product([False, True], repeat=6):
        order = np.concatenate([[2 * i + s, 2 * i + 1 - s] for i, s in enumerate(swapped)])
        every.append(moderated(y[:, order.astype(int)], prior)[0])
    permuted = np.array(every).T
    sums = PermutationSums(basis, c[:, 0], blocks, blocks, RHO, n_permutations=63, seed=1)
    df_total = np.full(30, min(10 + prior.df_prior[0], 300.0))
    sums.add(y, prior.s2_prior, prior.df_prior, df_total)
    p, check = sums.p_values(), sums.check()
    assert (check.n_permutations, check.enumerated) == (63, True)
    same = 1 - 1e-9
    np.testing.assert_allclose(p.own, (permuted >= t[:, None] * same).mean(axis=1))
    largest = permuted.max(axis=0)
    np.testing.assert_allclose(p.family_wise, (largest >= t[:, None] * same).mean(axis=1))
    assert p.own.min() == 2 / 64  # all as they are, or all the other way round


# --- what can be tested -------------------------------------------------------------------------


def test_changes_can_be_tested_and_differences_between_people_cannot(small: SmallStudy) -> None:
    group = np.zeros((7, 3))
    group[[5, 2], 0] = 1, -1  # at one time
    group[[3, 4, 5, 0, 1, 2], 1] = [1 / 3] * 3 + [-1 / 3] * 3  # on average
    group[6, 2] = 1.0  # of a covariate that differs between visits
    can = can_be_tested(small.basis, np.hstack([small.contrasts, group]), small.blocks)
    assert can.tolist() == [True, False, True, False, False, True]
    with pytest.raises(ValueError, match="between blocks"):
        PermutationSums(small.basis, group[:, 0], small.blocks, small.blocks, RHO, seed=1)


def test_visits_of_different_people_make_no_pair() -> None:
    """1st and 3rd of different people; linked only if others have 1st and 2nd, 2nd and 3rd."""
    apart = design_basis(np.eye(3)[[0, 1, 0, 1, 2, 2]])
    linked = design_basis(np.eye(3)[[0, 1, 0, 1, 1, 2]])
    people = make_blocks(["a", "a", "b", "b", "c", "c"])
    change = np.array([[-1.0], [0.0], [1.0]])
    assert not can_be_tested(apart, change, people)[0]
    assert can_be_tested(linked, change, people)[0]


def test_age_of_a_person_cannot_be_tested(small: SmallStudy) -> None:
    age = np.arange(8.0)[small.blocks.codes]
    basis = design_basis(np.column_stack([np.ones(len(age)), age, small.design[:, 6]]))
    assert can_be_tested(basis, np.eye(3), small.blocks).tolist() == [False, False, True]


def test_share_between_people(small: SmallStudy) -> None:
    """Share of the variance of the GLS estimate that comes from the people's means."""
    j, v = 2, covariance(small.blocks, RHO, np.ones(20))
    solved = np.linalg.solve(v, small.design)
    weights = solved @ np.linalg.solve(small.design.T @ solved, small.contrasts[:, j])
    z = small.blocks.indicators
    means = z @ np.linalg.solve(z.T @ z, z.T @ weights)
    expected = means @ v @ means / (weights @ v @ weights)
    found = permutation_space(
        small.basis, small.contrasts[:, j], small.blocks, small.blocks, RHO
    ).between_share
    assert 0.01 < found < 0.5
    assert found == pytest.approx(expected)


def test_balanced_visits_leave_nothing_between_people() -> None:
    blocks = make_blocks([str(i // 3) for i in range(18)])
    x = np.eye(6)[np.tile(np.arange(3), 6) + 3 * (np.arange(18) >= 9)]
    c = np.array([1.0, 0.0, -1.0, -1.0, 0.0, 1.0])
    space = permutation_space(design_basis(x), c, blocks, blocks, RHO)
    assert space.between_share == pytest.approx(0.0, abs=1e-12)


def test_bad_input_is_refused(small: SmallStudy) -> None:
    single = make_blocks([f"s{i}" for i in range(20)])
    with pytest.raises(ValueError, match="between blocks"):
        PermutationSums(small.basis, small.contrasts[:, 0], single, seed=1)
    with pytest.raises(ValueError, match="at least one"):
        PermutationSums(small.basis, small.contrasts[:, 0], small.blocks, n_permutations=0, seed=1)
    full = design_basis(np.eye(4))
    with pytest.raises(ValueError, match="residual degrees"):
        PermutationSums(full, np.array([1.0, -1, 0, 0]), make_blocks(list("aabb")), seed=1)
    sums = PermutationSums(small.basis, small.contrasts[:, 0], small.blocks, seed=1)
    with pytest.raises(ValueError, match="3 samples, where the design has 20"):
        sums.add(np.zeros((1, 3)), *np.ones((3, 1)))


# --- orders -------------------------------------------------------------------------------------


def orders_of(blocks: Blocks, n: int) -> Ints:
    x = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    sums = PermutationSums(
        design_basis(x), np.array([-1.0, 0, 1]), blocks, n_permutations=n, seed=1
    )
    return np.concatenate(list(sums.orders.chunks()))


def test_few_orders_are_enumerated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyses.stats.permutation.orders._AT_ONCE", 10)
    blocks = make_blocks(list("aaabbb"))
    found = {tuple(o) for o in orders_of(blocks, 35).tolist()}
    both = product(permutations(range(3)), permutations(range(3, 6)))
    assert found == {(*a, *b) for a, b in both} - {tuple(range(6))}
    drawn = orders_of(blocks, 34)
    assert len(drawn) == 34
    assert len({tuple(o) for o in drawn.tolist()}) < 34  # independent draws repeat


def test_drawn_orders_stay_within_people_and_are_even() -> None:
    many = make_blocks([str(i % 10) for i in range(40)])  # visits of a person stand apart
    x = np.column_stack([np.ones(40), np.arange(40) // 10])
    drawn = PermutationSums(
        design_basis(x), np.array([0.0, 1]), many, n_permutations=4000, seed=2
    ).orders
    rows = np.concatenate(list(drawn.chunks()))
    assert (many.codes[rows] == many.codes).all()
    assert (np.sort(rows, axis=1) == np.arange(40)).all()
    share = (rows == np.arange(40)).mean(axis=0)  # each stays where it is in a quarter
    np.testing.assert_allclose(share, 0.25, atol=0.03)


# --- features come and go -----------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_block_size_and_threads_play_no_part(
    small: SmallStudy, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = small.weights if weighted else None
    prior = prior_of(small, small.y, w)[:3]
    whole = sums_of(small, small.y, 2, w, n=600)
    for name, size in (
        ("_PIECE", 17),
        ("_WEIGHTED_PIECE", 17),
        ("_ROWS", 5),
        ("_WEIGHTED_ROWS", 3),
    ):
        monkeypatch.setattr(f"analyses.stats.permutation.permutation.{name}", size)
    monkeypatch.setattr("analyses.stats.permutation.orders._AT_ONCE", 170)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    pieces = PermutationSums(
        small.basis, small.contrasts[:, 2], small.blocks, small.blocks, RHO,
        n_permutations=600, seed=4,
    )  # fmt: skip
    for rows in (slice(0, 23), slice(23, None)):
        pieces.add(small.y[rows], *(a[rows] for a in prior), None if w is None else w[rows])
    assert pieces.check() == whole.check()
    for name in ("own", "pooled", "family_wise"):
        np.testing.assert_array_equal(
            getattr(pieces.p_values(), name), getattr(whole.p_values(), name)
        )


def test_weights_that_all_features_share(small: SmallStudy) -> None:
    """Through one scaled design, and feature by feature."""
    every = np.broadcast_to(small.weights[3], small.y.shape)
    fast, slow = (sums_of(small, small.y + 1e3, 2, w) for w in (every, every.copy()))
    np.testing.assert_allclose(fast._t2[0], slow._t2[0], rtol=1e-8)
    assert fast.check() == slow.check()
    np.testing.assert_array_equal(fast.p_values().own, slow.p_values().own)


@pytest.mark.parametrize("weighted", ["no", "samples", "own"])
def test_a_feature_that_does_not_vary_is_never_found(small: SmallStudy, weighted: str) -> None:
    """A gene without counts: what is left of it is rounding, and rounding has no visits."""
    y = np.vstack([small.y, np.full((30, small.y.shape[1]), -3.217)])
    row = np.broadcast_to(small.weights[3], y.shape)
    w = {"no": None, "samples": row, "own": row.copy()}[weighted]
    p = sums_of(small, y, 2, w).p_values()
    np.testing.assert_array_equal(p.own[-30:], 1.0)
    np.testing.assert_array_equal(p.pooled[-30:], 1.0)


def test_equal_weights_are_none(small: SmallStudy) -> None:
    equal = np.full_like(small.y, 3.7)
    plain, weighted = sums_of(small, small.y, 2), sums_of(small, small.y, 2, equal)
    assert weighted.check() == plain.check()
    np.testing.assert_array_equal(weighted.p_values().own, plain.p_values().own)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_large_mean_costs_no_digits(small: SmallStudy, weighted: bool) -> None:
    w = small.weights if weighted else None
    prior = prior_of(small, small.y, w)[:3]
    t2 = []
    for level in (0.0, 1e7):
        sums = PermutationSums(
            small.basis, small.contrasts[:, 2], small.blocks, small.blocks, RHO,
            n_permutations=9, seed=4,
        )  # fmt: skip
        sums.add(small.y + level, *prior, w)
        t2.append(np.concatenate(sums._t2))
    np.testing.assert_allclose(t2[1], t2[0], rtol=1e-5)


def test_features_with_gaps_are_left_out(small: SmallStudy, holes: Floats) -> None:
    complete = np.isfinite(holes).all(axis=1)
    prior = prior_of(small, holes)[:3]
    sums, expected = (
        PermutationSums(
            small.basis, small.contrasts[:, 2], small.blocks, small.blocks, RHO,
            n_permutations=50, seed=4,
        )
        for _ in range(2)
    )  # fmt: skip
    sums.add(holes, *prior)
    expected.add(holes[complete], *(a[complete] for a in prior))
    check = sums.check()
    assert (check.n_features, check.n_left_out) == (complete.sum(), (~complete).sum())
    for name in ("own", "pooled", "family_wise"):
        p = getattr(sums.p_values(), name)
        assert np.isnan(p[~complete]).all()
        np.testing.assert_array_equal(p[complete], getattr(expected.p_values(), name))


@pytest.mark.parametrize("kind", ["infinite", "none", "robust"])
def test_every_kind_of_prior(small: SmallStudy, kind: str) -> None:
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO)
    ones = np.ones(len(small.y))
    prior = {
        "infinite": VariancePrior(np.inf * ones, 1.3 * ones),
        "none": VariancePrior(0.0 * ones, np.nan * ones),
        "robust": fit_f_dist_robust(fit.sigma2, fit.df_residual),
    }[kind]
    m = ebayes(fit, prior)
    sums = PermutationSums(
        small.basis, small.contrasts[:, 2], small.blocks, small.blocks, RHO,
        n_permutations=200, seed=4,
    )  # fmt: skip
    sums.add(small.y, prior.s2_prior, prior.df_prior, m.df_total[:, 2])
    np.testing.assert_allclose(np.sqrt(sums._t2[0]), np.abs(m.t[:, 2]), rtol=1e-9)
    assert sums.check().n_found == (m.p_value[:, 2] < 0.05).sum()
    p = sums.p_values()
    assert (p.family_wise >= p.own).all()


# --- planted truth ------------------------------------------------------------------------------


def test_a_planted_change_is_found_and_only_that(rng: np.random.Generator) -> None:
    blocks = make_blocks([f"s{i // 4:02d}" for i in range(48)])
    visit, group = np.tile(np.arange(4), 12), (np.arange(48) >= 24) * 1
    x = np.eye(8)[4 * group + visit]
    c = np.zeros((8, 2))
    c[[3, 0], 0] = 1, -1
    c[[7, 4], 1] = 1, -1
    y = simulated(rng, 400, blocks, 0.5, x * 0.0)
    y[:60] += 2.5 * ((visit == 3) & (group == 0))
    y[60:200] += 3.0 * group + 2.0 * (visit == 2)  # of no interest here
    basis = design_basis(x)
    fit = fit_contrasts(y, basis, c, blocks, 0.5)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    df_total = ebayes(fit, prior).df_total[:, 0]
    found = []
    for j in range(2):
        sums = PermutationSums(basis, c[:, j], blocks, blocks, 0.5, n_permutations=499, seed=3)
        sums.add(y, prior.s2_prior, prior.df_prior, df_total)
        found.append((sums.check(), sums.p_values()))
    (check, p), (other, p_other) = found
    assert check.p_value == 1 / 500
    assert check.n_found > check.n_high
    assert (p.own[:60] < 0.05).mean() > 0.8
    assert np.median(p.pooled[:60]) < 2e-3
    assert (p.family_wise[:60] < 0.05).sum() > 5 * max((p.family_wise[60:] < 0.05).sum(), 1)
    assert (p.own[60:] < 0.05).mean() < 0.1
    assert other.p_value > 0.05
    assert other.n_low <= other.n_found <= other.n_high
    assert (p_other.own < 0.05).mean() < 0.1
