"""Features that do not vary have no part in the consensus correlation, whatever their values."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.types import Floats

N = 24
BLOCKS = make_blocks([f"p{i // 3}" for i in range(N)])
TIMES = np.eye(3)[np.arange(N) % 3]
BASIS = design_basis(TIMES)


def still(kind: str, rng: np.random.Generator) -> Floats:
    """Rows that do not vary beyond what the design fits: of betas, M-values, log-CPM."""
    levels = rng.uniform(0.01, 0.99, (40, 1)) * np.ones(N)
    if kind == "beta":
        return levels
    if kind == "m_value":
        return m_value(np.vstack([levels, np.zeros((5, N)), np.ones((5, N))]), 1e-6)
    if kind == "of the design":
        return rng.normal(0, 4, (40, 3)) @ TIMES.T
    library = rng.uniform(1e5, 3e7, N)  # edgeR's prior count grows with the library
    prior = 2 * library / library.mean()
    return np.log2(prior / (library + 2 * prior) * 1e6) * np.ones((40, 1))


@pytest.mark.parametrize("kind", ["beta", "m_value", "log_cpm", "of the design"])
@pytest.mark.parametrize("weights", ["none", "of samples", "of values"])
@pytest.mark.parametrize("gaps", ["none", "few", "many"])
def test_they_have_no_say(kind: str, weights: str, gaps: str, rng: np.random.Generator) -> None:
    people = np.repeat(rng.normal(0, 1, (60, N // 3)), 3, axis=1)
    moving = 8 + people + rng.normal(0, 1, (60, N))
    rows = still(kind, rng)
    for y in (moving, rows):
        if gaps == "few":
            y[::2, 4] = np.nan
        elif gaps == "many":
            y[::2, :9] = np.nan
    row = rng.uniform(0.5, 2, N)
    of = {
        "none": lambda _y: None,
        "of samples": lambda y: np.broadcast_to(row, y.shape),
        "of values": lambda y: rng.uniform(0.5, 2, y.shape),
    }[weights]
    w = of(moving)
    alone = block_correlation(moving, BASIS, BLOCKS, w)
    more = of(rows)
    both = None if w is None or more is None else np.vstack([w, more])
    if weights == "of samples":
        both = np.broadcast_to(row, (len(moving) + len(rows), N))
    found = block_correlation(np.vstack([moving, rows]), BASIS, BLOCKS, both)
    assert np.isnan(found.atanh[len(moving) :]).all()
    assert found.consensus == pytest.approx(alone.consensus, rel=1e-9)
    assert 0.2 < alone.consensus < 0.8
