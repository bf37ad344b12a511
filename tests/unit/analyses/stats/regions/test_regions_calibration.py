"""Regions in 200 studies in which nothing happens: how often one is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.region_studies import RealCpgs, null_study, real_cpgs

N_STUDIES = 200


@pytest.fixture(scope="module")
def cpgs(shared_data: Path) -> RealCpgs:
    return real_cpgs(shared_data / "epic_chr18_21")


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [24, 6])
def test_family_wise_error_is_held(cpgs: RealCpgs, n_samples: int) -> None:
    """5 % of 200 are 10; a binomial lies in 4 to 17 but for 2.5 % of the time."""
    some = cpgs if n_samples == 24 else cpgs.of(n_samples, seed=1)
    smallest = []
    for seed in range(N_STUDIES):
        study = null_study(some, seed, n_rotations=99)
        smallest.append(study.chance.family_wise(study.regions.p_value).min(initial=1.0))
    below = [(np.array(smallest) <= level).mean() for level in (0.05, 0.2)]
    assert 0.02 <= below[0] <= 0.085
    assert 0.14 <= below[1] <= 0.27
