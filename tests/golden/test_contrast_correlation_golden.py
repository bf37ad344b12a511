"""The rebound of the study's CD8+ cells: real in healthy women, not beyond chance in MS."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.counts.voom import voom
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.rotation.contrast_correlation import (
    contrast_correlations,
    no_effect_correlation,
)
from analyses.stats.rotation.rotation import CorrelationTest, RotationSums, rotation_test
from tests.golden.test_statistics_golden import COVARIATES, R_BATCH_CONSENSUS, contrast
from tests.support.real_data import Grams

NAMES = ["HP_3rd-1st", "HP_PP-3rd", "MS_3rd-1st", "MS_PP-3rd"]


def study_pairs(grams: Grams, batch: bool) -> tuple[CorrelationTest, list[float]]:
    """Observed and tested; and without effects."""
    design = grams.design(covariates=COVARIATES, batch=batch)
    rho = R_BATCH_CONSENSUS if batch else grams.meta["voom"]["consensus_correlation"]
    basis, blocks = design_basis(design.matrix), make_blocks(grams.subjects())
    matrix = np.column_stack([contrast(design, n) for n in NAMES])
    values = voom(grams.counts, grams.effective_library, basis)
    fit = fit_contrasts(values.log2_cpm, basis, matrix, blocks, rho, values.weights)
    observed = contrast_correlations(fit.estimate)
    assert (observed.n_features == 13456).all()
    sums = RotationSums(basis, matrix, blocks, rho, np.array([[0, 1], [2, 3]]))
    sums.add(values.log2_cpm, values.weights)
    assert (sums.n_features, sums.n_left_out) == (13456, 0)
    no_effect = no_effect_correlation(basis, matrix, blocks, rho)
    return rotation_test(sums, observed.r, seed=1), [no_effect[0, 1], no_effect[2, 3]]


@pytest.mark.parametrize(
    ("batch", "r", "without"),
    [
        (False, [-0.7979, -0.4755], [-0.5172, -0.5788]),
        pytest.param(True, [-0.8179, -0.4827], [-0.5391, -0.5876], marks=pytest.mark.slow),
    ],
)
def test_rebound(grams: Grams, batch: bool, r: list[float], without: list[float]) -> None:
    found, no_effect = study_pairs(grams, batch)
    np.testing.assert_allclose(found.r, r, rtol=0, atol=5e-5)
    np.testing.assert_allclose(no_effect, without, rtol=0, atol=5e-5)
    healthy, ms = 0, 1
    assert found.p_value[healthy] < 0.01
    assert found.r[healthy] < found.no_effect_low[healthy]
    assert found.r_high[healthy] < no_effect[healthy]
    assert found.p_value[ms] > 0.2
    assert found.no_effect_low[ms] < found.r[ms] < found.no_effect_high[ms]
    assert found.r_low[ms] < no_effect[ms] < found.r_high[ms]
    # the rotations lie about the value of the design, although they know the weights
    middle = (found.no_effect_low + found.no_effect_high) / 2
    np.testing.assert_allclose(middle, no_effect, rtol=0, atol=0.06)
