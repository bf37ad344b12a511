"""Two X chromosomes or X and Y: told in studies of both sexes and of one."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.identity.sex_call import (
    TOLD,
    X_PROBES,
    XIST,
    Y_GENES,
    Y_PROBES,
    call_sex,
)
from analyses.stats.identity.sex_person import person_likelihood_of_sex
from cohortmart.core.types import Bools, Floats

PROBES, GENES = (X_PROBES, Y_PROBES), (XIST, Y_GENES)
NONE = np.zeros(2)


def shares(seed: int, xx: Bools, shift: float = 0.0) -> Floats:
    """Return shares in the middle of X and Y, as far off the known ones as `shift` says."""
    rng = np.random.default_rng(seed)
    x = np.where(xx, X_PROBES.xx, X_PROBES.xy) + rng.normal(shift, 0.03, len(xx))
    y = np.where(xx, Y_PROBES.xx, Y_PROBES.xy) + rng.normal(-shift, 0.05, len(xx))
    return np.array([x, y])


@pytest.mark.parametrize("of_xx", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("shift", [-0.08, 0.0, 0.08])
def test_every_sample_is_told_in_studies_of_one_sex_and_of_both(of_xx: float, shift: float) -> None:
    xx = np.random.default_rng(1).random(60) < of_xx
    called = call_sex(PROBES, shares(2, xx, shift), NONE)
    assert ((called.xx > 0.5) == xx).all()
    assert np.maximum(called.xx, 1 - called.xx).min() > TOLD
    assert not called.odd.any()


def test_measures_at_odds_tell_nothing_and_one_alone_is_enough() -> None:
    values = shares(3, np.ones(20, dtype=bool))
    values[0, 0] = X_PROBES.xy  # one X by X, no Y by Y
    values[1, 1] = np.nan
    values[:, 2] = np.nan
    called = call_sex(PROBES, values, NONE)
    assert 1 - TOLD < called.xx[0] < TOLD
    assert called.odd[0]
    assert called.xx[1] > TOLD
    assert np.isnan(called.xx[2])
    assert not called.odd[1:].any()


def test_few_probes_make_it_uncertain() -> None:
    values = shares(4, np.ones(20, dtype=bool))
    values[:, 0] = [0.45, np.nan]
    sure = call_sex(PROBES, values, NONE).xx[0]
    unsure = call_sex(PROBES, values, np.array([0.2, 0.2])).xx[0]
    assert abs(unsure - 0.5) < abs(sure - 0.5)


@pytest.mark.parametrize(
    ("measure", "middle", "sd"), [(0, 0.6, 0.1), (0, 0.5, 0.07), (1, 9.0, 2.0), (1, 6.0, 2.0)]
)
def test_one_sex_that_is_spread_wide_is_not_cut_in_two(
    measure: int, middle: float, sd: float
) -> None:
    """Forty studies of forty women whose measure scatters: as many are told wrong as promised."""
    kinds = (PROBES, GENES)[measure]
    wrong = 0
    for seed in range(40):
        x = np.random.default_rng(seed).normal(middle, sd, 40)
        called = call_sex(kinds, np.array([x, np.full(40, np.nan)]), NONE)
        wrong += int((called.xx < 1 - TOLD).sum())
    assert wrong <= 40 * 40 * (1 - TOLD)


def test_genes_of_one_man_among_others() -> None:
    rng = np.random.default_rng(5)
    values = np.array([rng.normal(7, 1, 30), rng.normal(-1, 0.8, 30)])
    values[:, 4] = [-1.5, 6.0]
    called = call_sex(GENES, values, NONE)
    assert np.flatnonzero(called.xx < 1 - TOLD).tolist() == [4]
    assert (np.delete(called.xx, 4) > TOLD).all()


def test_sex_speaks_against_people_of_the_other() -> None:
    told = np.array([1.0, 1.0, 1.0, 0.0, np.nan, 1.0])
    said = np.array([0, 0, 1, 1, 0, 2])
    sheet = np.array([1.0, 0.0, np.nan])
    found = person_likelihood_of_sex(told, sheet, said, 3)
    assert found.shape == (6, 4)
    assert found[0, 0] - found[0, 1] > 3  # the sheet and another sample say XX of the first
    # sample 2 without itself: the sheet and sample 3 say XY of its person
    assert found[2, 1] < np.log(0.05)
    np.testing.assert_allclose(found[:, 3][[0, 1, 2, 3, 5]], np.log(0.5))
    assert (found[4] == 0).all()
    # of a person of whom nothing is known but this sample
    np.testing.assert_allclose(found[5, 2], np.log(0.5), atol=1e-12)


@pytest.mark.slow
def test_no_sample_is_told_the_other_sex_in_200_clean_studies() -> None:
    wrong = unsure = n = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        xx = rng.random(40) < (0.0, 0.5, 1.0)[seed % 3]
        called = call_sex(PROBES, shares(seed, xx, rng.normal(0, 0.05)), np.array([0.01, 0.02]))
        wrong += int((np.where(xx, called.xx, 1 - called.xx) < 1 - TOLD).sum())
        unsure += int((np.where(xx, called.xx, 1 - called.xx) < TOLD).sum())
        n += 40
    assert wrong == 0
    assert unsure <= n // 1000
