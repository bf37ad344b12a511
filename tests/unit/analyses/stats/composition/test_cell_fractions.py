"""Cell fractions against R (quadprog, rlm), against brute force, and what cannot be had."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.stats.composition import constrained_projection as projection
from analyses.stats.composition.cell_fractions import CellFractions, ProfileError
from analyses.stats.composition.constrained_projection import constrained_projection
from analyses.stats.composition.robust_partial_correlation import robust_partial_correlation
from cohortmart.core.types import Floats
from tests.support.paths import DATA

FOLDER = DATA / "cell_fractions"
SOLVERS = ("at_most_one", "one", "robust")


def matrix(name: str) -> Floats:
    return pl.read_csv(FOLDER / name)[:, 1:].cast(pl.Float64).to_numpy().astype(np.float64)


def solved(solver: str, values: Floats, reference: Floats) -> CellFractions:
    if solver == "robust":
        return robust_partial_correlation(values, np.array(reference))
    return constrained_projection(values, reference, whole=solver == "one")


def expected(solver: str) -> Floats:
    rows = pl.read_csv(FOLDER / "expected.csv").filter(pl.col("solver") == solver)
    return rows["fraction"].to_numpy().reshape(6, 24).T


@pytest.fixture(scope="module")
def reference() -> Floats:
    return matrix("reference.csv")


@pytest.fixture(scope="module")
def mixtures() -> Floats:
    out = matrix("mixtures.csv")
    out[np.isnan(out)] = np.nan
    return out


@pytest.mark.parametrize("solver", SOLVERS)
def test_fractions_are_those_of_r(solver: str, reference: Floats, mixtures: Floats) -> None:
    found = solved(solver, mixtures, reference)
    np.testing.assert_allclose(found.fractions, expected(solver), rtol=0, atol=1e-12)
    assert found.converged.all()
    assert (found.n_features == np.isfinite(mixtures).sum(axis=0)).all()
    assert found.n_features.min() < 120


@pytest.mark.parametrize("solver", SOLVERS)
def test_samples_do_not_know_of_each_other(
    solver: str, reference: Floats, mixtures: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = solved(solver, mixtures, reference).fractions
    monkeypatch.setattr(projection, "_SAMPLES", 5)
    monkeypatch.setattr(
        "analyses.stats.composition.robust_partial_correlation._CHUNK", 7 * len(reference)
    )
    np.testing.assert_allclose(
        solved(solver, mixtures, reference).fractions, together, rtol=0, atol=1e-13
    )
    alone = np.vstack([solved(solver, mixtures[:, [s]], reference).fractions for s in range(24)])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_pure_and_mixed_samples_without_noise(solver: str, reference: Floats) -> None:
    truth = np.vstack([np.eye(6), np.full(6, 1 / 6), [0.5, 0.2, 0, 0.3, 0, 0]])
    found = solved(solver, reference @ truth.T, reference)
    np.testing.assert_allclose(found.fractions, truth, rtol=0, atol=1e-9)


def test_cells_of_no_type_lower_the_sum_of_one_solver_only(reference: Floats) -> None:
    values = reference @ np.full((6, 1), 0.1)
    assert solved("at_most_one", values, reference).fractions.sum() == pytest.approx(0.6)
    for solver in ("one", "robust"):
        assert solved(solver, values, reference).fractions.sum() == pytest.approx(1.0)


def brute(values: Floats, reference: Floats, whole: bool) -> Floats:
    """Try every set of types that may be there, with the sum held at 1 or left free."""
    n_types = reference.shape[1]
    best, best_size = np.zeros(n_types), np.inf if whole else float(values @ values)
    for size in range(1, n_types + 1):
        for chosen in combinations(range(n_types), size):
            x = reference[:, chosen]
            for held in {True, whole}:
                if held:
                    kkt = np.block([[x.T @ x, np.ones((size, 1))], [np.ones((1, size)), 0]])
                    w = np.linalg.solve(kkt, np.append(x.T @ values, 1.0))[:size]
                else:
                    w = np.linalg.lstsq(x, values)[0]
                if w.min() < -1e-12 or w.sum() > 1 + 1e-9:
                    continue
                rest = float(np.square(values - x @ w).sum())
                if rest < best_size - 1e-13:
                    best, best_size = np.zeros(n_types), rest
                    best[list(chosen)] = w
    return best


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n_types=st.integers(1, 5), whole=st.booleans())
def test_constrained_fractions_are_the_minimum(seed: int, n_types: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    reference = rng.random((9, n_types))
    values = rng.normal(0.4, 0.6, (9, 6))
    found = constrained_projection(values, reference, whole).fractions
    assert found.min() >= 0.0
    assert (found.sum(axis=1) <= 1 + 1e-12).all()
    wanted = np.array([brute(y, reference, whole) for y in values.T])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_ties_and_many_types_settle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference = rng.integers(0, 2, (60, 15)).astype(float)
    values = reference @ rng.integers(0, 3, (15, 300)) / 10
    for whole in (False, True):
        found = constrained_projection(values, reference, whole).fractions
        gradient = reference.T @ (reference @ found.T - values)
        used = found.T > 1e-9
        multiplier = np.array(
            [-g[u].mean() if u.any() else 0.0 for g, u in zip(gradient.T, used.T, strict=True)]
        )
        assert (np.abs(gradient + multiplier)[used] < 1e-7).all()
        assert (gradient + multiplier > -1e-7).all()


def test_a_sample_that_does_not_tell_the_types_apart_has_no_fractions(
    reference: Floats, mixtures: Floats
) -> None:
    values = mixtures.copy()
    values[4:, 0] = np.nan  # four features for six types
    values[:, 1] = np.nan
    for solver in SOLVERS:
        found = solved(solver, values, reference)
        assert np.isnan(found.fractions[:2]).all()
        assert np.isfinite(found.fractions[2:]).all()
        assert found.n_features[:2].tolist() == [4, 0]


def test_a_sample_that_falls_where_all_types_rise_has_no_robust_fractions() -> None:
    reference = np.linspace(0, 1, 30)[:, None] ** [1.0, 2.0]
    values = 1 - reference.sum(axis=1, keepdims=True) / 2
    found = robust_partial_correlation(values, reference)
    assert np.isnan(found.fractions).all()


def test_what_did_not_settle_is_said(reference: Floats, mixtures: Floats) -> None:
    assert not robust_partial_correlation(mixtures, reference, rounds=1).converged.all()


def test_profiles_that_follow_from_others_are_named(reference: Floats, mixtures: Floats) -> None:
    made = np.column_stack([reference, reference[:, [1, 3]].mean(axis=1)])
    for solver in SOLVERS:
        with pytest.raises(ProfileError, match="follows from those of others") as fault:
            solved(solver, mixtures, made)
        assert fault.value.types == (1, 3, 6)
    flat = np.column_stack([reference, np.full(len(reference), 0.5)])
    assert np.isfinite(solved("one", mixtures, flat).fractions).all()
    with pytest.raises(ProfileError) as fault:
        solved("robust", mixtures, flat)
    assert fault.value.types == (6,)


def test_references_that_cannot_be_used(reference: Floats, mixtures: Floats) -> None:
    holes = reference.copy()
    holes[3, 2] = np.nan
    with pytest.raises(ProfileError, match="missing values"):
        solved("one", mixtures, holes)
    with pytest.raises(ProfileError, match="119 features of the samples and 120"):
        solved("one", mixtures[1:], reference)
    with pytest.raises(ProfileError, match="at least 8 are needed"):
        solved("robust", mixtures[:7], reference[:7])
