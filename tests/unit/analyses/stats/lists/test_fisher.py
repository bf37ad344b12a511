"""Fisher's test against R and whole-number arithmetic, the odds ratio against 40 digits."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analyses.stats.lists.fisher import conditional_odds_ratio, fisher_greater

#: n_both, n_first, n_second, n_universe; p and odds ratio of R 4.2.2's
#: fisher.test(alternative = "greater"). R finds the odds ratio to four digits or so.
OF_R = [
    ((3, 10, 12, 40), 0.64473886650057621, 1.0),
    ((30, 40, 45, 100), 8.1789478684593823e-07, 8.7631532173299398),
    ((0, 5, 7, 30), 1.0, 0.0),
    ((5, 5, 7, 30), 0.00014736221632773367, math.inf),
    ((61, 120, 700, 2000), 0.0001739033500975325, 2.0072316128774035),
    ((1, 1, 1, 13456), 7.4316290130771456e-05, math.inf),
    ((3, 60, 40, 13456), 0.00074051965578527789, 18.981657734711767),
    ((250, 700, 1200, 13456), 1.9425540832908609e-92, 6.9022208703310381),
    ((100, 848, 1189, 13456), 0.0015338321707829398, 1.414070732008422),
    ((300, 700, 700, 13456), 1.0576493625428478e-216, 23.151113647805808),
    ((20, 30, 100, 20000), 3.6306124346433649e-40, 494.42992557780508),
    ((2400, 40000, 50000, 866000), 0.024546598431265831, 1.0438174516253365),
    ((3000, 40000, 50000, 866000), 2.9530328638372018e-48, 1.343869197234937),
    ((2200, 40000, 50000, 866000), 0.99241460691028505, 0.94753082915063314),
    ((4900, 60000, 40000, 866000), 0.0, 1.953166946304435),  # smaller than any double
]
TABLES = np.array([table for table, _, _ in OF_R]).T


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    universe = draw(st.integers(0, 300))
    first, second = draw(st.integers(0, universe)), draw(st.integers(0, universe))
    both = draw(st.integers(max(0, first + second - universe), min(first, second)))
    return both, first, second, universe


def exact_p(both: int, first: int, second: int, universe: int) -> Fraction:
    """Count the ways, in whole numbers."""
    ways = sum(
        math.comb(first, j) * math.comb(universe - first, second - j)
        for j in range(both, min(first, second) + 1)
    )
    return Fraction(ways, math.comb(universe, second))


def exact_odds_ratio(both: int, first: int, second: int, universe: int) -> Decimal:
    """Halve an interval around the root, over the whole support and with 40 digits."""
    low, high = max(0, first + second - universe), min(first, second)
    ways = [math.comb(first, j) * math.comb(universe - first, second - j)
            for j in range(low, high + 1)]  # fmt: skip

    def mean(odds: Decimal) -> Decimal:
        total, moment, power = Decimal(0), Decimal(0), Decimal(1)
        for i, w in enumerate(ways):
            total += w * power
            moment += w * power * i
            power *= odds
        return low + moment / total

    with localcontext() as context:
        context.prec = 40
        left, right = Decimal("1e-9"), Decimal("1e9")
        for _ in range(55):
            middle = (left * right).sqrt()
            left, right = (left, middle) if mean(middle) > both else (middle, right)
        return (left * right).sqrt()


def test_equals_r() -> None:
    p = np.array([p for _, p, _ in OF_R])
    np.testing.assert_allclose(fisher_greater(*TABLES), p, rtol=1e-11)
    odds = np.array([odds for _, _, odds in OF_R])
    np.testing.assert_allclose(conditional_odds_ratio(*TABLES), odds, rtol=2e-3)


@given(tables())
def test_p_is_the_share_of_the_ways(table: tuple[int, int, int, int]) -> None:
    p = float(fisher_greater(*table))
    assert abs(Fraction(p) / exact_p(*table) - 1) < 1e-12


def test_far_tails_keep_their_digits() -> None:
    """Down to the smallest doubles; a sum of 1 - cdf would be 0 from 1e-16 on."""
    for table in [(347, 700, 700, 13456), (300, 330, 900, 3000), (360, 400, 900, 6000)]:
        exact = exact_p(*table)
        assert 0 < exact < Fraction(1, 10**130)
        assert abs(Fraction(float(fisher_greater(*table))) / exact - 1) < 1e-11
    assert float(fisher_greater(500, 700, 700, 13456)) == 0.0


def test_upper_half_of_a_small_table_by_hand() -> None:
    """Tea tasting: four of eight, three or four right."""
    assert float(fisher_greater(4, 4, 4, 8)) == pytest.approx(1 / 70, rel=1e-14)
    assert float(fisher_greater(3, 4, 4, 8)) == pytest.approx(17 / 70, rel=1e-14)
    # mean 3 with 1, 16, 36, 16, 1 ways: odds^4 - 36 odds^2 - 32 odds - 3 = 0
    root = np.roots([1, 0, -36, -32, -3]).max()
    assert float(conditional_odds_ratio(3, 4, 4, 8)) == pytest.approx(root, rel=1e-13)


@given(tables())
def test_lists_can_change_places(table: tuple[int, int, int, int]) -> None:
    both, first, second, universe = table
    swapped = (both, second, first, universe)
    np.testing.assert_allclose(fisher_greater(*table), fisher_greater(*swapped), rtol=1e-12)
    odds = conditional_odds_ratio(*table)
    np.testing.assert_allclose(odds, conditional_odds_ratio(*swapped), rtol=1e-12)
    # those not in the second list: the odds ratio is turned over
    other = conditional_odds_ratio(first - both, first, universe - second, universe)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(other, 1 / odds, rtol=1e-11)


def test_larger_overlaps_have_smaller_p_and_larger_odds() -> None:
    both = np.arange(0, 301)
    assert (np.diff(fisher_greater(both, 300, 900, 5000)) <= 0).all()
    assert (np.diff(conditional_odds_ratio(both, 300, 900, 5000)) > 0).all()


def test_odds_ratio_is_the_exact_root() -> None:
    rng = np.random.default_rng(4)
    chosen = [(399, 400, 600, 1345), (1, 400, 600, 1345), (1, 2, 2, 5000), (67, 69, 124, 179)]
    while len(chosen) < 40:
        universe = int(rng.integers(4, 250))
        first, second = (int(n) for n in rng.integers(2, universe, 2))
        low, high = max(0, first + second - universe), min(first, second)
        if high - low >= 2:
            chosen.append((int(rng.integers(low + 1, high)), first, second, universe))
    found = conditional_odds_ratio(*np.array(chosen).T)
    for table, odds in zip(chosen, found, strict=True):
        assert abs(Decimal(float(odds)) / exact_odds_ratio(*table) - 1) < 1e-12, table


def test_odds_ratio_of_large_tables_gives_their_mean() -> None:
    """The noncentral mean at the root, and at 1e-9 beside it, over all 40,000 overlaps."""
    first, second, universe = 40_000, 50_000, 866_000
    j = np.arange(1, first + 1)
    log_ratio = np.log((first - j + 1.0) * (second - j + 1)) - np.log(
        j * (universe - first - second + j * 1.0)
    )
    log_ways = np.concatenate([[0.0], np.cumsum(log_ratio)])
    for both in (3, 1200, 2400, 20_000, 39_998):
        odds = float(conditional_odds_ratio(both, first, second, universe))
        overlap = np.arange(first + 1) - both
        bias = []
        for moved in (1 - 1e-9, 1 + 1e-9):
            logs = log_ways - log_ways[both] + overlap * math.log(odds * moved)
            weights = np.exp(logs - logs.max())
            bias.append(weights @ overlap)
        assert bias[0] < 0 < bias[1]


def test_simulated_lists_are_found_at_the_level() -> None:
    """P of independent lists is at least uniform: 0.05 is reached in at most 5 of 100."""
    rng = np.random.default_rng(11)
    both = rng.hypergeometric(120, 1880, 150, 4000)
    share = (fisher_greater(both, 120, 150, 2000) < 0.05).mean()
    level = stats.hypergeom.sf(stats.hypergeom.isf(0.05, 2000, 120, 150), 2000, 120, 150)
    assert share == pytest.approx(level, abs=4 * math.sqrt(level / 4000))


def test_shapes_are_broadcast_and_chunks_do_not_matter() -> None:
    both = np.arange(60).reshape(20, 3)
    together = conditional_odds_ratio(both, 90, 80, 5000)
    assert together.shape == fisher_greater(both, 90, 80, 5000).shape == (20, 3)
    alone = [float(conditional_odds_ratio(b, 90, 80, 5000)) for b in both.ravel()]
    np.testing.assert_allclose(together.ravel(), alone, rtol=1e-12)
    assert fisher_greater(np.array([], int), 5, 5, 9).shape == (0,)
    assert conditional_odds_ratio(np.array([], int), 5, 5, 9).shape == (0,)


def test_one_possible_overlap() -> None:
    for table in [(0, 0, 5, 9), (5, 9, 5, 9), (0, 0, 0, 0)]:
        assert float(fisher_greater(*table)) == 1.0
        assert math.isnan(float(conditional_odds_ratio(*table)))


@pytest.mark.parametrize(
    "table",
    [(6, 5, 7, 30), (-1, 5, 7, 30), (1, 20, 20, 30), (1, 2, 3, 2**31), (0.5, 2, 3, 9),
     (math.nan, 2, 3, 9)],
)  # fmt: skip
@pytest.mark.parametrize("function", [fisher_greater, conditional_odds_ratio])
def test_impossible_counts_are_refused(function, table) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="no two lists of"):
        function(*table)
