"""Weights of samples against limma, a dense likelihood, planted truth and at the edges."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from analyses.stats.linear import array_weight_sums
from analyses.stats.linear import array_weights as module
from analyses.stats.linear.array_weight_sums import VarianceSums, no_sums, variance_sums
from analyses.stats.linear.array_weights import array_weights, array_weights_of_parts
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.types import Floats
from tests.support.paths import DATA


def made_by_arithmetic() -> tuple[Floats, Floats, Floats, Floats]:
    """Values, prior weights, design and values with holes of limma_array_weights.R."""
    g, s = np.arange(1, 91)[:, None], np.arange(1, 11)[None, :]
    noise = norm.ppf(((g * 7919 + s * 104729 + g * g * s * 31) % 1009 + 0.5) / 1009)
    spread = np.exp(((g * 17) % 23 - 11) / 12) * np.exp(((s * 7) % 11 - 5) / 8)
    y = 7 + noise * spread
    prior = np.exp(((g * 13 + s * 29) % 19 - 9) / 9)
    design = np.column_stack([np.ones(10), np.tile([0.0, 1.0], 5), np.arange(1, 11) * 3 % 7])
    return y, prior, design, np.where((g + 3 * s) % 29 == 0, np.nan, y)


def limma() -> dict[tuple[str, float], Floats]:
    """Weights by case and size of the prior."""
    found: dict[tuple[str, float], list[float]] = {}
    with (DATA / "limma_array_weights.csv").open() as file:
        for row in csv.DictReader(file):
            key = row["case"], float(row["prior_features"])
            found.setdefault(key, []).append(float(row["weight"]))
    return {key: np.array(values) for key, values in found.items()}


def minus_two_log_likelihood(
    gamma: Floats, y: Floats, x: Floats, prior: Floats, size: float
) -> float:
    """Each feature's restricted likelihood from its covariance matrix, s2 profiled out."""
    total = size * np.exp(-gamma).sum()
    for values, own in zip(y, prior, strict=True):
        seen = np.isfinite(values)
        n_free = seen.sum() - x.shape[1]
        v = np.diag(np.exp(gamma[seen]) / own[seen])
        design, values = x[seen], values[seen]
        solved = np.linalg.solve(v, design)
        information = design.T @ solved
        left = values - design @ np.linalg.solve(information, solved.T @ values)
        total += n_free * np.log(left @ np.linalg.solve(v, left))
        total += np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float(total)


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Values of 40 features in 12 samples, some missing; weights; a design of rank 3."""
    x = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6), rng.normal(size=12)])
    sd = np.exp(rng.normal(0, 0.4, 12))
    y = 9 + rng.normal(size=(40, 12)) * sd * np.sqrt(5 / rng.chisquare(5, (40, 1)))
    y[rng.random(y.shape) < 0.1] = np.nan
    y[3, [2, 3, 4, 5, 8, 10, 11]] = np.nan  # too many to be filled in
    y[3, [0, 1, 6, 7, 9]] = rng.normal(9, 1, 5)
    return y, np.exp(rng.normal(0, 0.5, y.shape)), x


@pytest.mark.parametrize("prior_features", [10.0, 60.0])
def test_limma_agrees_without_weights(prior_features: float) -> None:
    y, _, design, _ = made_by_arithmetic()
    found = array_weights(y, design_basis(design), prior_features=prior_features)
    np.testing.assert_allclose(found, limma()["plain", prior_features], rtol=1e-6)


@pytest.mark.parametrize("case", ["weighted", "holes", "weighted_holes"])
def test_limma_agrees_with_weights_and_on_complete_features(case: str) -> None:
    """limma leaves out features with missing values; ours are given to it without them."""
    y, prior, design, holes = made_by_arithmetic()
    if case.endswith("holes"):
        whole = np.isfinite(holes).all(axis=1)
        assert 20 < whole.sum() < 80
        y, prior = holes[whole], prior[whole]
    found = array_weights(y, design_basis(design), prior if "weighted" in case else None)
    np.testing.assert_allclose(found, limma()[case, 10.0], rtol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_maximum_of_the_dense_likelihood(
    data: tuple[Floats, Floats, Floats], weighted: bool, rng: np.random.Generator
) -> None:
    y, w, x = data[0][:20], data[1][:20], data[2]
    found = array_weights(y, design_basis(x), w if weighted else None)
    gamma = -np.log(found)
    assert gamma.mean() == pytest.approx(0, abs=1e-12)
    prior = w if weighted else np.ones_like(w)
    best = minus_two_log_likelihood(gamma, y, x, prior, 10.0)
    for _ in range(6):
        along = rng.normal(size=12)
        along -= along.mean()
        up, down = (
            minus_two_log_likelihood(gamma + h * along, y, x, prior, 10.0) for h in (1e-3, -1e-3)
        )
        assert min(up, down) > best
        assert abs(up - down) < 1e-3 * (up + down - 2 * best)  # the slope is 0


@pytest.mark.parametrize("case", ["complete", "missing", "weighted"])
def test_slope_and_curvature_are_derivatives(
    data: tuple[Floats, Floats, Floats], case: str, rng: np.random.Generator
) -> None:
    y, w, x = data
    y = np.nan_to_num(y, nan=8.5) if case == "complete" else y
    gamma, basis = rng.normal(0, 0.4, 12), design_basis(x)

    def at(there: Floats) -> VarianceSums:
        sums = no_sums(12)
        variance_sums(y, w if case == "weighted" else None, basis, there, sums)
        return sums

    here, h = at(gamma), 1e-5
    assert here.n_features == 40
    around = [(at(gamma + h * e), at(gamma - h * e)) for e in np.eye(12)]
    slope = [(a.height - b.height) / (2 * h) for a, b in around]
    np.testing.assert_allclose(here.slope, slope, rtol=1e-5, atol=1e-5)
    curvature = np.array([(a.slope - b.slope) / (2 * h) for a, b in around])
    if case != "missing":  # there only nearly
        np.testing.assert_allclose(here.curvature, curvature, rtol=1e-5, atol=1e-5)
    assert np.linalg.eigvalsh(here.expected)[0] > -1e-8
    np.testing.assert_allclose(here.expected.sum(axis=0), 0, atol=15 if case == "missing" else 1e-8)


def test_missing_values_are_weights_of_nothing(data: tuple[Floats, Floats, Floats]) -> None:
    """Filled in, fitted each by itself, or with weights of 1: the same."""
    y, w, x = data
    basis = design_basis(x)
    plain = array_weights(y, basis)
    np.testing.assert_allclose(array_weights(y, basis, np.ones_like(w)), plain, rtol=1e-6)
    np.testing.assert_allclose(array_weights(y, basis, np.full_like(w, 3.7)), plain, rtol=1e-6)


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**31),
    scale=st.floats(0.01, 100),
    turn=st.permutations(range(9)),
)
def test_what_must_not_matter(seed: int, scale: float, turn: list[int]) -> None:
    """Units, what the design explains, the coding of it, and the order of samples."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(9), np.arange(9) % 2, rng.normal(size=9)])
    y = rng.normal(size=(30, 9)) * np.exp(rng.normal(0, 0.5, 9))
    w = np.exp(rng.normal(0, 0.3, y.shape))
    found = array_weights(y, design_basis(x), w)
    moved = scale * y + rng.normal(size=(30, 3)) @ x.T
    coded = x @ (np.eye(3) + np.triu(np.ones((3, 3)), 1))
    other = array_weights(moved[:, turn], design_basis(coded[turn]), 2.5 * w[:, turn])
    np.testing.assert_allclose(other, found[turn], rtol=1e-6)
    assert np.log(found).mean() == pytest.approx(0, abs=1e-12)


def test_planted_variances_are_found(rng: np.random.Generator) -> None:
    x = np.column_stack([np.ones(16), np.tile([0.0, 1.0], 8)])
    variance = np.exp(rng.normal(0, 0.6, 16))
    y = rng.normal(size=(4000, 16)) * np.sqrt(variance) * np.exp(rng.normal(0, 1, (4000, 1)))
    found = array_weights(y, design_basis(x))
    true = np.exp(np.log(variance).mean()) / variance
    np.testing.assert_allclose(found, true, rtol=0.12)
    # the prior draws towards each other, never apart
    drawn = array_weights(y[:60], design_basis(x), prior_features=1e5)
    assert np.abs(np.log(drawn)).max() < 0.01


def test_features_without_a_say(data: tuple[Floats, Floats, Floats]) -> None:
    y, w, x = data
    alone = array_weights(y, design_basis(x)), array_weights(y, design_basis(x), w)
    silent = np.full((4, 12), np.nan)
    silent[1] = 3.3  # constant
    silent[2] = x @ [1.0, 2.0, 0.3]  # explained to the last bit but one
    silent[3, :3] = 1, 2, 4  # as many values as coefficients
    half = np.where(x[:, 1] == 0, y[0], np.nan)  # no value of one group
    more = np.vstack([silent, half, y])
    np.testing.assert_allclose(array_weights(more, design_basis(x)), alone[0], rtol=1e-7)
    weights = np.vstack([np.ones((5, 12)), w])
    np.testing.assert_allclose(array_weights(more, design_basis(x), weights), alone[1], rtol=1e-7)
    with pytest.raises(ValueError, match="no feature"):
        array_weights(more[:5], design_basis(x))
    with pytest.raises(ValueError, match="no feature"):
        array_weights(more[:0], design_basis(x))


def test_a_sample_alone_in_its_group_has_the_mean_weight(rng: np.random.Generator) -> None:
    """Its residuals are 0 whatever its weight: the prior alone decides."""
    x = np.column_stack([np.ones(8), np.eye(8)[0]])
    y = rng.normal(size=(200, 8)) * np.linspace(0.5, 2, 8)
    found = array_weights(y, design_basis(x))
    assert found[0] == pytest.approx(found[1:].mean(), rel=1e-6)


def test_parts_change_no_bit(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_weight_sums, "_ROWS", 256)
    monkeypatch.setattr(module, "_START", 512)
    x = np.column_stack([np.ones(8), np.tile([0.0, 1.0], 4)])
    y = rng.normal(size=(1200, 8)) * np.linspace(0.5, 2, 8)
    y[rng.random(y.shape) < 0.02] = np.nan
    whole = array_weights(y, design_basis(x))
    parts = array_weights_of_parts(
        lambda: ((y[i : i + 512], None) for i in range(0, 1200, 512)), design_basis(x)
    )
    np.testing.assert_array_equal(parts, whole)


def test_a_prior_of_nothing_is_refused(data: tuple[Floats, Floats, Floats]) -> None:
    y, _, x = data
    for size in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="above 0"):
            array_weights(y, design_basis(x), prior_features=size)


def test_a_step_too_far_is_halved(
    data: tuple[Floats, Floats, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    y, _, x = data
    basis = design_basis(x)
    expected = array_weights(y, basis)
    far = np.linspace(-8, 8, 12)
    steps = [far]
    newton, sums = module._newton_step, array_weight_sums.variance_sums
    asked: list[Floats] = []

    def step(*given: object) -> Floats:
        return steps.pop() if steps else newton(*given)  # type: ignore[arg-type]

    def spy(y: Floats, w: None, basis: object, gamma: Floats, total: VarianceSums) -> None:
        asked.append(gamma)
        sums(y, w, basis, gamma, total)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_newton_step", step)
    monkeypatch.setattr(module, "variance_sums", spy)
    np.testing.assert_allclose(array_weights(y, basis), expected, rtol=1e-6)
    np.testing.assert_allclose(asked[:4], [0 * far, far, far / 2, far / 4], atol=1e-12)


def test_weights_of_samples_alone_give_the_fit_of_a_row_for_every_feature() -> None:
    """The quick way, in scaled samples, against the general one; some values missing."""
    rng = np.random.default_rng(5)
    labels = [w for w in "abcdef" for _ in range(3)]
    matrix = np.column_stack([np.tile(np.eye(3), (6, 1)), np.repeat([0.0, 1.0], 9)])
    basis, blocks = design_basis(matrix), make_blocks(labels)
    y = rng.normal(size=(40, 18)) + 7.0
    y[rng.random(y.shape) < 0.03] = np.nan
    row = rng.uniform(0.3, 3.0, 18)
    contrasts = np.array([[-1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]).T
    quick = fit_contrasts(y, basis, contrasts, blocks, 0.3, np.broadcast_to(row, y.shape))
    every = fit_contrasts(y, basis, contrasts, blocks, 0.3, np.tile(row, (40, 1)))
    for name in ("estimate", "unscaled_sd", "sigma2", "df_residual", "mean", "wald"):
        np.testing.assert_allclose(getattr(quick, name), getattr(every, name), rtol=1e-9)
