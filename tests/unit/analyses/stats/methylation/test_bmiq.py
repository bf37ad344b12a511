from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.methylation.beta_mixture import BetaMixture, crossings, fit_mixture
from analyses.stats.methylation.bmiq import (
    MIN_PROBES,
    BmiqError,
    _map,
    _on_grid,
    _quantile_map,
    bmiq,
)
from cohortmart.core.types import Bools, Floats

TYPE_I = ((2.0, 40.0), (3.0, 3.0), (40.0, 4.0))
TYPE_II = ((3.0, 24.0), (4.0, 4.0), (24.0, 5.0))


def draw(rng: np.random.Generator, states: tuple[tuple[float, float], ...], n: int) -> Floats:
    state = rng.choice(3, size=n, p=[0.4, 0.25, 0.35])
    return rng.beta(*np.array(states)[state].T)


@pytest.fixture
def sample(rng: np.random.Generator) -> tuple[Floats, Bools]:
    """600 type I and 1400 type II probes in mixed order; type II has the narrower range."""
    beta = np.concatenate([draw(rng, TYPE_I, 600), draw(rng, TYPE_II, 1400)])
    order = rng.permutation(2000)
    return beta[order], (np.arange(2000) >= 600)[order]


def test_every_step_by_hand(sample: tuple[Floats, Bools]) -> None:
    beta, type_ii = sample
    found = bmiq(beta, type_ii)
    one, two = np.sort(beta[~type_ii]), np.sort(beta[type_ii])
    of_one = fit_mixture(one, (0.2, 0.75))
    cut_one = crossings(of_one)
    state = np.digitize(one, cut_one)
    threshold = [(one[state == s].max() + one[state == s + 1].min()) / 2 for s in (0, 1)]
    np.testing.assert_allclose(found.thresholds_type_i, threshold, rtol=1e-12)

    shift = []
    for side in (lambda x: x < 0.4, lambda x: x > 0.6):
        modes = []
        for x in (one, two):
            inside = np.rint(x[side(x)] * 1000) / 1000
            spread = x[side(x)].std(ddof=1)
            middle = np.subtract(*np.quantile(x[side(x)], [0.75, 0.25])) / 1.34
            width = 0.9 * min(spread, middle) * len(inside) ** -0.2
            grid = np.arange(1001) / 1000
            kernel = stats.norm.pdf(grid[:, None], inside, width)
            modes.append(grid[kernel.sum(axis=1).argmax()])
        shift.append(modes[1] - modes[0])
    of_two = fit_mixture(two, (threshold[0] + shift[0], threshold[1] + shift[1]))
    np.testing.assert_allclose(found.means_type_ii, of_two.mean, rtol=1e-10)
    np.testing.assert_allclose(found.means_type_i, of_one.mean, rtol=1e-10)

    low, _ = crossings(of_two)
    u, m = two <= low, two >= of_two.mean[2]
    h = ~u & ~m
    assert min(u.sum(), h.sum(), m.sum()) > 100

    def component(mixture: object, s: int) -> object:
        return stats.beta(mixture.a[s], mixture.b[s])  # type: ignore[attr-defined]

    new = np.empty_like(two)
    new[u] = component(of_one, 0).ppf(component(of_two, 0).cdf(two[u]))
    new[m] = component(of_one, 2).isf(component(of_two, 2).sf(two[m]))
    bottom = new[u].max() + (two[h].min() - two[u].max())
    top = new[m].min() - (two[m].min() - two[h].max())
    factor = (top - bottom) / (two[h].max() - two[h].min())
    new[h] = bottom + factor * (two[h] - two[h].min())
    np.testing.assert_allclose(np.sort(found.beta[type_ii]), new, rtol=1e-8)
    assert found.dilation == pytest.approx(factor, rel=1e-9)
    # every probe got its own value back
    np.testing.assert_array_equal(
        np.argsort(found.beta[type_ii]), np.argsort(beta[type_ii], kind="stable")
    )


def test_type_ii_gets_the_range_of_type_i(sample: tuple[Floats, Bools]) -> None:
    beta, type_ii = sample
    found = bmiq(beta, type_ii)
    assert found.distance_before > 0.1
    assert found.distance_after < 0.5 * found.distance_before
    np.testing.assert_array_equal(found.beta[~type_ii], beta[~type_ii])
    for level in (0.1, 0.9):
        aim, was, now = (
            np.quantile(x, level) for x in (beta[~type_ii], beta[type_ii], found.beta[type_ii])
        )
        assert abs(now - aim) < 0.35 * abs(was - aim)


def test_missing_values_have_no_part(sample: tuple[Floats, Bools]) -> None:
    beta, type_ii = sample
    missing = np.zeros(2000, bool)
    missing[::7] = True
    holes = np.where(missing, np.nan, beta)
    found = bmiq(holes, type_ii)
    alone = bmiq(beta[~missing], type_ii[~missing])
    np.testing.assert_array_equal(found.beta[~missing], alone.beta)
    assert np.isnan(found.beta[missing]).all()


def test_exact_0_and_1_go_to_the_nearest_inner_value(sample: tuple[Floats, Bools]) -> None:
    beta, type_ii = sample
    edged = np.where(beta < 0.02, 0.0, np.where(beta > 0.97, 1.0, beta))
    inner = edged[(edged > 0) & (edged < 1)]
    at_0, at_1 = edged == 0, edged == 1
    assert min((at_0 & ~type_ii).sum(), (at_1 & ~type_ii).sum()) > 3
    before = edged.copy()
    found = bmiq(edged, type_ii)
    np.testing.assert_array_equal(edged, before)
    assert found.n_moved == at_0.sum() + at_1.sum()
    assert set(found.beta[at_0 & ~type_ii]) == {inner.min()}
    assert set(found.beta[at_1 & ~type_ii]) == {inner.max()}
    moved = bmiq(np.where(at_0, inner.min(), np.where(at_1, inner.max(), edged)), type_ii)
    np.testing.assert_array_equal(found.beta, moved.beta)
    assert moved.n_moved == 0


@pytest.mark.parametrize("state", [0, 2])
def test_the_grid_is_as_good_as_every_value(rng: np.random.Generator, state: int) -> None:
    of_one = fit_mixture(np.sort(draw(rng, TYPE_I, 5000)), (0.2, 0.75))
    two = np.sort(draw(rng, TYPE_II, 300_000))
    of_two = fit_mixture(two, (0.25, 0.7))
    x = two[two < 0.3] if state == 0 else two[two > 0.8]
    assert len(x) > 50_000  # more values than grid points, or nothing is interpolated
    exact = _quantile_map(x[::10], of_two, of_one, state)
    interpolated = _on_grid(x, of_two, of_one, state)
    assert not np.array_equal(interpolated[::10], exact)
    assert np.abs(interpolated[::10] - exact).max() < 1e-7
    assert (np.diff(interpolated) >= 0).all()


def test_values_far_out_stay_inside(sample: tuple[Floats, Bools]) -> None:
    beta, type_ii = sample
    far = [1e-300, 1e-30, 1e-9, 1 - 1e-9, 1 - 2.0**-53]
    beta[np.flatnonzero(type_ii)[: len(far)]] = far
    found = bmiq(beta, type_ii).beta[type_ii][: len(far)]
    assert (found > 0).all()
    assert (found < 1).all()
    assert (np.diff(found) >= 0).all()
    assert found[0] < 1e-6
    assert found[-1] > 1 - 1e-6


def test_tails_beyond_the_numbers() -> None:
    """Type II far out in a type I distribution that is narrow, then in one that hugs the ends."""
    of_two = BetaMixture(np.array([0.6, 3, 5.0]), np.array([5.0, 3, 0.6]), np.full(3, 1 / 3), 1)
    steep = BetaMixture(np.array([20.0, 3, 90]), np.array([90.0, 3, 20]), np.full(3, 1 / 3), 1)
    narrow = BetaMixture(np.array([3.0, 3, 66]), np.array([66.0, 3, 3]), np.full(3, 1 / 3), 1)
    ends = BetaMixture(np.array([0.2, 3, 9]), np.array([9.0, 3, 0.2]), np.full(3, 1 / 3), 1)
    low = np.array([1e-300, 1e-290, 1e-200, 1e-100, 1e-10, 0.01])
    two = np.concatenate([low, [0.45, 0.5], [0.95, 1 - 1e-12, 1 - 2.0**-53]])
    for of_one in (narrow, ends):
        for state in (0, 2):
            assert np.isfinite(_quantile_map(two, of_two, of_one, state)).all()
            assert np.isfinite(_quantile_map(two, steep, of_one, state)).all()
        mapped, _ = _map(two, of_two, (6, 8), of_one)
        assert (np.diff(mapped) >= 0).all()
        assert mapped[0] > 0
        assert mapped[-1] < 1
    assert mapped[0] < 1e-15
    assert mapped[-1] > 1 - 1e-15


def test_tails_are_taken_from_the_nearer_end() -> None:
    """The distance to 1 keeps its digits, as the distance to 0 does."""
    of_two = BetaMixture(np.array([3.0, 3, 66]), np.array([66.0, 3, 3]), np.full(3, 1 / 3), 1)
    of_one = BetaMixture(np.array([2.0, 3, 80]), np.array([80.0, 3, 2]), np.full(3, 1 / 3), 1)
    far = np.array([0.4, 0.5, 0.6])  # cumulative probability 1 in double precision
    mapped = _quantile_map(far, of_two, of_one, 0)
    assert (np.diff(mapped) > 0).all()
    back = stats.beta.sf(mapped, 2, 80)
    np.testing.assert_allclose(back, stats.beta.sf(far, 3, 66), rtol=1e-8)


def test_rounding_does_not_turn_the_order(rng: np.random.Generator) -> None:
    """Two hundred values, each the next floating point number after the one before."""
    of_one = fit_mixture(np.sort(draw(rng, TYPE_I, 1000)), (0.2, 0.75))
    two = np.sort(draw(rng, TYPE_II, 1000))
    of_two = fit_mixture(two, (0.25, 0.7))
    dense = 0.1 + np.arange(200) * np.spacing(0.1)
    two = np.sort(np.concatenate([two, dense]))
    low, high = np.searchsorted(two, crossings(of_two))
    mapped, _ = _map(two, of_two, (int(low), int(high)), of_one)
    raw = _quantile_map(dense, of_two, of_one, 0)
    assert (np.diff(raw) < 0).any()  # what is to be mended does occur
    assert (np.diff(mapped) >= 0).all()


def test_a_middle_of_one_value_and_a_top_of_none(rng: np.random.Generator) -> None:
    of_one = fit_mixture(np.sort(draw(rng, TYPE_I, 1000)), (0.2, 0.75))
    of_two = fit_mixture(np.sort(draw(rng, TYPE_II, 1000)), (0.25, 0.7))
    mapped, dilation = _map(np.array([0.1, 0.15, 0.3, 0.9, 0.95]), of_two, (2, 3), of_one)
    assert dilation == 1
    assert mapped[2] - mapped[1] == pytest.approx(0.15)
    with pytest.raises(BmiqError, match="no value is above the mean of the methylated state"):
        _map(np.array([0.1, 0.3, 0.72]), of_two, (1, 2), of_one)


@pytest.mark.parametrize("at", [(1e-9, 0.7), (0.2, 1 - 1e-9), (0.3, 0.3)])
def test_a_state_that_wins_only_where_no_value_is(
    sample: tuple[Floats, Bools], monkeypatch: pytest.MonkeyPatch, at: tuple[float, float]
) -> None:
    monkeypatch.setattr("analyses.stats.methylation.bmiq.crossings", lambda _: at)
    with pytest.raises(BmiqError, match="type I probes: not every methylation state has values"):
        bmiq(*sample)


def test_states_that_overlap_after_the_mapping(rng: np.random.Generator) -> None:
    """Type I states so near each other that no room is left for the middle of type II."""
    near = fit_mixture(np.sort(rng.uniform(0.45, 0.55, 1000)), (0.49, 0.51))
    two = np.sort(draw(rng, TYPE_II, 1000))
    two = two[(two < 0.2) | (two > 0.45)]
    of_two = fit_mixture(two, (0.25, 0.7))
    low, high = np.searchsorted(two, crossings(of_two))
    with pytest.raises(BmiqError, match="the states overlap after the mapping"):
        _map(two, of_two, (int(low), int(high)), near)


def few(beta: Floats, type_ii: Bools) -> Floats:
    kept = np.flatnonzero(~type_ii)[: MIN_PROBES - 1]
    return np.where(type_ii | np.isin(np.arange(len(beta)), kept), beta, np.nan)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x, _: x * np.nan, "no value lies between 0 and 1"),
        (lambda x, _: np.round(x), "no value lies between 0 and 1"),
        (few, "too few probes: 99 of type I have a value, at least 100"),
        (lambda x, two: np.where(two, np.nan, x), "too few probes: 0 of type II"),
        (lambda x, _: x * 100, r"values are outside 0\.\.1, one is"),
        (lambda x, _: x - 0.1, r"values are outside 0\.\.1, one is -"),
        (lambda x, _: np.where(x > 0.9, np.inf, x), r"values are outside 0\.\.1, one is inf"),
        (lambda x, _: np.full_like(x, 0.5), "type I probes: fewer than 3 distinct values"),
        (lambda x, _: np.round(x * 2) / 2, "type I probes: fewer than 3 distinct values"),
        (lambda x, _: x * 0.15, "distinct values in the half-methylated state"),
        (lambda x, _: 1 - x * 0.15, "distinct values in the unmethylated state"),
        (lambda x, _: x * 0.7, "distinct values in the methylated state"),
        (lambda x, two: np.where(two, x * 0.3, x), r"type II probes: all values are on one side"),
        (lambda x, two: np.where(two, np.round(x), x), "type II probes: "),
    ],
)
def test_a_sample_that_cannot_be_fitted(
    sample: tuple[Floats, Bools], change: object, reason: str
) -> None:
    beta, type_ii = sample
    with pytest.raises(BmiqError, match=reason):
        bmiq(change(beta, type_ii), type_ii)  # type: ignore[operator]


def test_arrays_that_do_not_belong_together(sample: tuple[Floats, Bools]) -> None:
    beta, type_ii = sample
    for values, types in ((beta[1:], type_ii), (beta[:, None], type_ii[:, None])):
        with pytest.raises(ValueError, match="one-dimensional and of the same length"):
            bmiq(values, types)
