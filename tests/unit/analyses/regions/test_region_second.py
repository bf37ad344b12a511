"""Regions of a first change in the second one: the same CpGs, their own covariance there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import stats

from analyses.regions.regions import REGIONS, TABLES
from analyses.regions.second import second_columns, second_contrasts
from analyses.regions.stored import StoredContrast
from analyses.stats.regions.chance import Chance
from analyses.stats.regions.correlation import NeighbourCorrelation
from analyses.stats.regions.neighbours import neighbours
from analyses.stats.regions.regions import candidate_regions
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.home import Home
from tests.unit.analyses.regions.test_region_step import mark, study

POSITION = np.array([100, 150, 220, 4000, 9000, 9050, 9100, 9150])


@pytest.fixture
def correlation(rng: np.random.Generator) -> NeighbourCorrelation:
    unit = rng.normal(size=(len(POSITION) - 1, 12))
    unit += 0.7 * unit[:, :1]  # neighbours correlate
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    kept = np.delete(POSITION, 3)
    return NeighbourCorrelation(unit, kept, np.array([50.0, 100.0]), np.array([0.4, 0.2]), 0.3)


def by_hand(
    correlation: NeighbourCorrelation, members: list[int], estimate: Floats, se: Floats
) -> tuple[float, float]:
    """The weighted mean and its standard error from the whole covariance matrix."""
    at = np.array(members)
    apart = np.abs(correlation.position[at][:, None] - correlation.position[at])
    far = np.interp(apart, correlation.distance, correlation.mean)
    own = correlation.unit[at] @ correlation.unit[at].T
    r = correlation.share * far + (1 - correlation.share) * own
    np.fill_diagonal(r, 1.0)
    weight = 1 / se**2
    covariance = r * np.outer(se, se)
    total = weight.sum()
    return (weight @ estimate) / total, np.sqrt(weight @ covariance @ weight) / total


def test_the_second_change_is_that_of_the_same_cpgs(correlation: NeighbourCorrelation) -> None:
    beside = neighbours(np.ones(8, int), POSITION, 500, 3)
    np.testing.assert_array_equal(beside.rows, [0, 1, 2, 4, 5, 6, 7])
    se = np.array([0.1, 0.12, 0.08, 0.1, 0.2, 0.1, 0.15, 0.1])
    df = np.full(8, 20.0)
    first = np.array([0.5, 0.6, 0.4, 0.0, -0.9, -0.5, -0.6, 0.01])
    second = StoredContrast(
        np.array([-0.2, -0.1, 0.05, 9.0, 0.3, 0.2, 0.4, 9.0]), se * 1.1, df - 2, first / 4
    )
    rows = beside.rows
    found = candidate_regions(first[rows], se[rows], df[rows], correlation, beside, 0.05)
    np.testing.assert_array_equal(found.members, [0, 1, 2, 3, 4, 5])
    chance = Chance(np.sort(np.linspace(1e-6, 1, 99)), np.linspace(1e-6, 1, 99))
    got = second_columns(found, chance, second, rows, correlation)
    for i, members in enumerate(([0, 1, 2], [3, 4, 5])):
        at = rows[members]
        mean, error = by_hand(correlation, members, second.estimate[at], second.se[at])
        p = 2 * stats.t.sf(abs(mean / error), 18)
        half = stats.t.isf(0.025, 18) * error
        one, its = by_hand(correlation, members, first[at], se[at])
        wide = stats.t.isf(0.025, 20) * its
        expected = {
            "estimate": mean, "se": error, "ci_low": mean - half, "ci_high": mean + half,
            "p_value": p, "statistic": mean / error, "df": 18.0,
            "delta_beta": second.delta_beta[at].mean(), "ci_low_first": one - wide,
            "ci_high_first": one + wide,
            "adj_p_value": (1 + (chance.smallest <= p).sum()) / 100,
        }  # fmt: skip
        for name, value in expected.items():
            assert got[name][i] == pytest.approx(value, rel=1e-9), name


def test_what_is_not_tested_in_the_second_contrast_has_no_p(
    correlation: NeighbourCorrelation,
) -> None:
    beside = neighbours(np.ones(8, int), POSITION, 500, 3)
    rows, se, df = beside.rows, np.full(8, 0.1), np.full(8, 20.0)
    first = np.where(POSITION < 300, 1.0, 0.0)
    nothing = np.where(POSITION == 150, np.nan, 0.5)
    found = candidate_regions(first[rows], se[rows], df[rows], correlation, beside, 0.05)
    second = StoredContrast(nothing, se + 0 * nothing, df, nothing)
    chance = Chance(np.ones(99), np.empty(0))
    got = second_columns(found, chance, second, rows, correlation)
    assert np.isnan(got["p_value"]).all()
    assert np.isnan(got["adj_p_value"]).all()


def test_pairs_are_those_of_the_analysis() -> None:
    with duckdb.connect() as con:
        con.execute(
            "create temp view new_rebound_pair as select * from (values ('main', 'a', 'b'),"
            " ('main', 'a', 'c'), ('other', 'a', 'd')) as t(analysis, first_contrast,"
            " second_contrast)"
        )
        assert second_contrasts(con, "main") == {"a": ("b", "c")}
        assert second_contrasts(con, "none") == {}


def test_other_pairs_make_regions_anew(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.lake.mkdir(parents=True)
    contrasts = {"c": "MS - HP", "d": "HP - MS"}
    plain = mark(home, study({}, contrasts=contrasts))
    assert mark(home, study({}, contrasts=contrasts, rebound={"pairs": [["c", "d"]]})) != plain
    assert "dmr_second" in TABLES == REGIONS.tables
