"""Intervals hold the truth in 95 % of studies, or more where a product of two zeros is asked.

The table of docs/calibration.md comes from the same studies, see `explained_studies.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.explained_studies import (
    CONTRASTS,
    PARTS,
    SCENES,
    Calibration,
    calibrate,
    mixed_model_coverage,
)

pytestmark = pytest.mark.slow

#: Scenes and parts in which one factor of the product is far from zero.
EXACT = {
    "slopes only": ("first", "second", "explained"),
    "half explained": ("first", "explained"),
    "all explained": ("first", "explained"),
    "parts cancel": ("first", "second", "explained"),
    "all explained, missing values": ("first", "explained"),
    "all explained, weights": ("first", "explained"),
}


@pytest.fixture(scope="module", params=SCENES)
def scene(request: pytest.FixtureRequest) -> tuple[str, Calibration]:
    return request.param, calibrate(SCENES[request.param], n_studies=250, n_features=60, seed=29)


def test_intervals_hold_the_truth(scene: tuple[str, Calibration]) -> None:
    name, found = scene
    covered, error = found.mean(found.covered), found.error(found.covered)
    for c in range(len(CONTRASTS)):
        for p, part in enumerate(PARTS):
            least = 0.95 - 3.5 * error[c, p] - 0.004
            most = 0.95 + 3.5 * error[c, p] + 0.004
            assert covered[c, p] > least, (name, part)
            if part in ("total", "remaining") or (c == 0 and part in EXACT.get(name, ())):
                assert covered[c, p] < most + 0.012 * (p > 1), (name, part)


def test_five_per_cent_at_most_where_a_part_is_nothing(scene: tuple[str, Calibration]) -> None:
    name, found = scene
    truth = SCENES[name].truth
    rejected, error = found.mean(found.rejected), found.error(found.rejected)
    for p in np.flatnonzero(truth == 0):
        assert (rejected[:, p] < 0.05 + 3.5 * error[:, p] + 0.004).all(), (name, PARTS[p])


def test_a_random_level_mixes_slopes_between_and_within_people() -> None:
    """Why people have fixed levels here: the relation of their levels is another one."""
    scene = SCENES["variables change"]
    _, slope = mixed_model_coverage(scene, "own", 60, 60, seed=3)
    assert slope < 0.9
    remaining, slope = mixed_model_coverage(scene, "means", 60, 60, seed=3)
    assert min(remaining, slope) > 0.935
