"""Level, false discoveries, intervals and the share by chance, in made-up studies of each null.

The table of docs/calibration.md comes from the same studies, see `returning_studies.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.returning_studies import NULLS, Calibration, Truth, calibrate, rotated_p

pytestmark = pytest.mark.slow
N = 200


@pytest.fixture(scope="module", params=NULLS)
def null(request: pytest.FixtureRequest) -> tuple[str, Calibration]:
    return request.param, calibrate(NULLS[request.param], N, n_features=500, seed=41)


def most(level: float, values: np.ndarray) -> float:
    """Level and three and a half standard errors of the mean of these studies."""
    return float(level + 3.5 * np.nanstd(values) / np.sqrt(len(values)))


def test_the_level_is_held_among_the_features_that_are_tested(
    null: tuple[str, Calibration],
) -> None:
    name, found = null
    assert found.n_tested.mean() > 15
    assert np.nanmean(found.at_5) < most(0.05, found.at_5), name
    assert np.nanmean(found.at_1) < most(0.01, found.at_1), name
    assert found.false_discovery.mean() < most(0.05, found.false_discovery), name
    if name == "all differ, no change":  # where the test is exact
        assert np.nanmean(found.at_5) > 0.04


def test_the_share_by_chance_is_what_moves_towards_the_reference(
    null: tuple[str, Calibration],
) -> None:
    name, found = null
    seen = found.n_towards.sum() / found.n_tested.sum()
    chance = found.by_chance.sum() / found.n_tested.sum()
    if name.endswith("no change") or name.startswith("neither"):
        assert seen == pytest.approx(chance, abs=0.012)
    else:  # changes that have nothing to do with the difference: fewer than chance
        assert seen < chance


def test_intervals_hold_the_truth_where_features_differ() -> None:
    truth = Truth(different=1.0, returning=0.5, share=0.8, size=1.5)
    found = calibrate(truth, 60, n_features=1000, seed=43)
    assert np.nanmean(found.covered) == pytest.approx(0.95, abs=0.012)
    assert found.false_discovery.mean() < most(0.05, found.false_discovery)
    assert np.nanmean(found.power) > 0.25


@pytest.mark.parametrize("name", list(NULLS))
def test_the_correlation_is_tested_against_no_change(name: str) -> None:
    p, apart = rotated_p(NULLS[name], 300, n_features=60, seed=44)
    at_5 = (p <= 0.05).mean()
    assert at_5 < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / len(p))
    if "no change" in name:  # the rotations lie where r does, whatever the differences
        assert abs(apart.mean()) < 4 * apart.std() / np.sqrt(len(apart)) + 0.01
        assert at_5 > 0.015
    else:
        assert apart.mean() > 0
