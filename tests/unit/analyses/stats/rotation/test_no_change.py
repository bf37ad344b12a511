"""Rotation of a change beside a difference that stays: against explicit frames and counts."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.rotation.contrast_correlation import contrast_correlations
from analyses.stats.rotation.frames import frames_beside
from analyses.stats.rotation.no_change import no_change_test
from analyses.stats.rotation.rotation import RotationSums
from tests.unit.analyses.stats.conftest import SmallStudy
from tests.unit.analyses.stats.rotation.test_rotation import RHO, dense_coordinates

PAIRS = np.array([[1, 0], [2, 1]])


def sums_of(small: SmallStudy, weighted: bool) -> RotationSums:
    sums = RotationSums(small.basis, small.contrasts, small.blocks, RHO, PAIRS)
    sums.add(small.y, small.weights if weighted else None)
    return sums


def test_the_second_stays_and_the_first_is_uniform() -> None:
    every = list(frames_beside(1100, 5, seed=8))
    first, second = (np.concatenate([getattr(f, n) for f in every]) for n in ("first", "second"))
    assert (second == [0, 0, 0, 0, 1]).all()
    assert (first[:, -1] == 0).all()
    np.testing.assert_allclose((first**2).sum(axis=1), 1.0)
    assert np.abs((first[:, :4] ** 2).mean(axis=0) - 0.25).max() < 0.03


@pytest.mark.parametrize("weighted", [False, True])
def test_what_the_difference_has_of_its_own_stays(small: SmallStudy, weighted: bool) -> None:
    w = small.weights if weighted else np.ones_like(small.y)
    sums = sums_of(small, weighted)
    found = sums.rotated(5, seed=3, second_stays=True)
    (frames,) = frames_beside(5, sums.n_coordinates, seed=3)
    for column, (i, j) in enumerate(PAIRS):
        every = [dense_coordinates(small, y, v, (i, j)) for y, v in zip(small.y, w, strict=True)]
        for row in range(5):
            both = []
            for of in every:
                moved = frames.first[row] @ of.e
                both.append(of.factor @ [moved, of.e[-1]])
            expected = np.corrcoef(np.array(both).T)[0, 1]
            assert found[row, column] == pytest.approx(expected, abs=1e-9)


def test_quantiles_and_one_sided_p(small: SmallStudy) -> None:
    sums = sums_of(small, False)
    fit = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO)
    r = contrast_correlations(fit.estimate).r
    found = no_change_test(sums, r, 99, seed=5)
    rotated = sums.rotated(99, 5, second_stays=True)
    for column, (i, j) in enumerate(PAIRS):
        assert found.r[column] == r[i, j]
        assert found.p_value[column] == (1 + (rotated[:, column] <= r[i, j]).sum()) / 100
        assert found.no_change[column] == np.median(rotated[:, column])
        np.testing.assert_allclose(
            [found.low[column], found.high[column]],
            np.quantile(rotated[:, column], [0.025, 0.975]),
        )
    lower = no_change_test(sums, np.full_like(r, -0.9999), 99, seed=5)
    assert (lower.p_value == 0.01).all()


def test_nothing_is_said_of_what_is_not_known(small: SmallStudy) -> None:
    sums = RotationSums(small.basis, small.contrasts, small.blocks, RHO, PAIRS)
    found = no_change_test(sums, np.full((3, 3), np.nan), 19, seed=5)
    assert np.isnan(found.p_value).all()
    assert np.isnan(found.no_change).all()
