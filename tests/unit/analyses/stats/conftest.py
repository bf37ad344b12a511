"""A small unbalanced longitudinal study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.types import Floats
from tests.support.dense import simulated


@dataclass(frozen=True)
class SmallStudy:
    """Eight people at up to three visits, two groups, a covariate."""

    y: Floats
    design: Floats
    basis: DesignBasis
    blocks: Blocks
    weights: Floats
    contrasts: Floats


@pytest.fixture
def small(rng: np.random.Generator) -> SmallStudy:
    visits = [3, 3, 2, 3, 1, 3, 2, 3]
    subject = np.repeat(np.arange(8), visits)
    visit = np.concatenate([np.arange(v) for v in visits])
    cell = (subject >= 4) * 3 + visit
    design = np.column_stack([cell == k for k in range(6)] + [rng.normal(30, 4, len(subject))])
    contrasts = np.zeros((7, 3))
    contrasts[[2, 0], 0] = 1, -1
    contrasts[[5, 2], 1] = 1, -1
    contrasts[[5, 3, 2, 0], 2] = 1, -1, -1, 1
    blocks = make_blocks([f"s{i}" for i in subject])
    y = simulated(rng, 60, blocks, 0.5, design)
    return SmallStudy(
        y, design, design_basis(design), blocks, np.exp(rng.normal(0, 0.7, y.shape)), contrasts
    )


@pytest.fixture
def holes(small: SmallStudy, rng: np.random.Generator) -> Floats:
    """The same values, 8 % missing, every mean and every feature with enough left."""
    out = small.y.copy()
    out[rng.random(out.shape) < 0.08] = np.nan
    for row, whole in zip(out, small.y, strict=True):
        seen = np.isfinite(row)
        if np.linalg.matrix_rank(small.design[seen]) < 7 or seen.sum() < 10:
            row[:] = whole
    assert np.isnan(out).any(axis=1).sum() > 20
    return out
