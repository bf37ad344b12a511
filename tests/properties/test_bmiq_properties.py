"""What BMIQ keeps for every sample: the range, type I, the order within a type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import assume, event, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analyses.stats.methylation.bmiq import MIN_PROBES, BmiqError, BmiqSample, bmiq
from cohortmart.core.types import Bools, Floats


@dataclass(frozen=True)
class RandomSample:
    """Betas of one sample, their design types, and the seed of what is done to them."""

    beta: Floats
    is_type_ii: Bools
    seed: int


@st.composite
def samples(draw: st.DrawFn) -> RandomSample:
    """Three states a type, more or less apart; missing values, exact 0 and 1, rounded values."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    of_type = []
    for _ in range(2):
        means = [draw(st.floats(*ends)) for ends in ((0.02, 0.2), (0.35, 0.65), (0.75, 0.97))]
        precision = [draw(st.floats(*ends)) for ends in ((15, 80), (3, 15), (15, 80))]
        n = draw(st.integers(300, 1500))
        state = rng.choice(3, size=n, p=rng.dirichlet([6, 4, 6]))
        mean, phi = np.array(means)[state], np.array(precision)[state]
        of_type.append(rng.beta(mean * phi, (1 - mean) * phi))
    beta = np.concatenate(of_type)
    digits = draw(st.sampled_from([2, 3, 5, 17]))
    beta = np.round(beta, digits)
    beta[rng.uniform(size=len(beta)) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
    at_edge = rng.uniform(size=len(beta)) < draw(st.sampled_from([0.0, 0.03]))
    beta[at_edge] = np.round(beta[at_edge])
    order = rng.permutation(len(beta))
    return RandomSample(beta[order], (np.arange(len(beta)) >= len(of_type[0]))[order], seed)


def fitted(beta: Floats, is_type_ii: Bools) -> BmiqSample:
    """Normalised sample; one that cannot be fitted is none of the property's business."""
    try:
        found = bmiq(beta, is_type_ii)
    except BmiqError as error:
        event(str(error).split(":")[0])
        assume(False)
    event("fitted")
    return found


def inner(beta: Floats) -> Floats:
    """Betas with exact 0 and 1 moved to the nearest inner value."""
    inside = beta[(beta > 0) & (beta < 1)]
    return np.clip(beta, inside.min(), inside.max())


def assert_kept(beta: Floats, is_type_ii: Bools, found: BmiqSample) -> None:
    seen = ~np.isnan(beta)
    np.testing.assert_array_equal(np.isnan(found.beta), ~seen)
    raw = inner(beta)
    np.testing.assert_array_equal(found.beta[~is_type_ii], raw[~is_type_ii])
    mapped = found.beta[is_type_ii & seen]
    assert (mapped > 0).all()
    assert (mapped < 1).all()
    order = np.argsort(raw[is_type_ii & seen], kind="stable")
    x, y = raw[is_type_ii & seen][order], mapped[order]
    assert (np.diff(y) >= 0).all()
    assert (y[1:] == y[:-1])[x[1:] == x[:-1]].all()
    assert 0 <= found.distance_before <= 1
    assert 0 <= found.distance_after <= 1
    assert found.dilation >= 0
    assert found.n_moved == ((beta == 0) | (beta == 1)).sum()


@given(samples())
def test_range_type_i_and_order_are_kept(sample: RandomSample) -> None:
    assert_kept(sample.beta, sample.is_type_ii, fitted(sample.beta, sample.is_type_ii))


@given(samples())
def test_neither_the_order_of_the_probes_nor_a_second_run_changes_anything(
    sample: RandomSample,
) -> None:
    found = fitted(sample.beta, sample.is_type_ii)
    again = bmiq(sample.beta, sample.is_type_ii)
    order = np.random.default_rng(sample.seed).permutation(len(sample.beta))
    shuffled = bmiq(sample.beta[order], sample.is_type_ii[order])
    np.testing.assert_array_equal(again.beta, found.beta)
    np.testing.assert_array_equal(shuffled.beta, found.beta[order])
    assert shuffled.distance_after == found.distance_after
    assert shuffled.dilation == found.dilation


@given(samples())
def test_missing_probes_could_as_well_not_be_there(sample: RandomSample) -> None:
    found = fitted(sample.beta, sample.is_type_ii)
    seen = ~np.isnan(sample.beta)
    alone = bmiq(sample.beta[seen], sample.is_type_ii[seen])
    np.testing.assert_array_equal(alone.beta, found.beta[seen])


any_beta = st.one_of(
    st.floats(0, 1),
    st.sampled_from([0.0, 1.0, 5e-324, 1e-300, 1e-12, 0.2, 0.4, 0.75, 1 - 2.0**-53, np.nan]),
)


@given(
    hnp.arrays(np.float64, st.integers(0, 40), elements=any_beta),
    st.sampled_from([0, MIN_PROBES - 20, MIN_PROBES, 400]),
    st.integers(0, 2**32 - 1),
)
def test_any_values_are_normalised_or_refused_with_a_reason(odd: Floats, n: int, seed: int) -> None:
    """Odd values among ordinary ones; no other error, no warning, no broken promise."""
    rng = np.random.default_rng(seed)
    ordinary = rng.beta(*rng.choice([[2.0, 30.0], [3.0, 3.0], [30.0, 3.0]], size=n).T)
    beta = np.concatenate([odd, ordinary])
    is_type_ii = rng.uniform(size=len(beta)) < 0.5
    try:
        found = bmiq(beta, is_type_ii)
    except BmiqError as error:
        event(str(error).split(":")[0])
        return
    event("fitted")
    assert_kept(beta, is_type_ii, found)
