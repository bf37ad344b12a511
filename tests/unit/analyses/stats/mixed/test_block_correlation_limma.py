"""R's rules of the block correlation: which features count, the limits, and the consensus."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.stats import norm

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.block_correlation import block_correlation, consensus
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.types import Floats
from tests.support.dense import restricted_log_likelihood
from tests.support.paths import DATA

OWNERS = (1, 1, 1, 2, 2, 3, 4, 4, 4, 5, 5, 6)


def values() -> tuple[Floats, Floats]:
    """Values and weights of limma_block_correlation.R."""
    g, s = np.arange(1, 61)[:, None], np.arange(1, 13)[None, :]
    b = np.array(OWNERS)[None, :]
    noise = norm.ppf(((g * 7919 + s * 104729 + g * g * s * 31) % 1009 + 0.5) / 1009)
    shared = norm.ppf(((g * 6133 + b * 50021 + g * g * b * 17) % 1013 + 0.5) / 1013)
    y = np.where((g + 3 * s) % 41 == 0, np.nan, 5 + 0.8 * noise + 0.6 * shared)
    y[1] = 3 * shared[1] + noise[1] * 1e-3
    y[2] = noise[2] * 1e-3 + [1, 0, -1, 1, -1, 0, 0, 1, -1, -1, 1, 0]
    for row, gone in ((3, range(5, 12)), (4, range(4, 12)), (5, (1, 2, 4, 7, 8, 10))):
        y[row, list(gone)] = np.nan
    y[6, 3:], y[7] = np.nan, np.nan
    return y, np.exp(((g * 13 + s * 29) % 19 - 9) / 9)


@pytest.mark.parametrize("case", ["plain", "weighted"])
def test_limma_agrees(case: str) -> None:
    """R stops before the end for some features, or at a lower maximum: never above ours."""
    with (DATA / "limma_block_correlation.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["case"] == case]
    r = np.array([float("nan" if row["atanh"] == "NA" else row["atanh"]) for row in rows])
    r, of_all = r[:-1], r[-1]
    y, w = values()
    x = np.column_stack([np.ones(12), np.arange(1.0, 13.0) * 5 % 7])
    blocks = make_blocks([str(b) for b in OWNERS])
    found = block_correlation(y, design_basis(x), blocks, w if case == "weighted" else None)
    np.testing.assert_array_equal(np.isnan(found.atanh), np.isnan(r))
    assert np.flatnonzero(np.isnan(r)).tolist() == [4, 5, 6, 7]
    # the same trimmed mean of R's own numbers
    assert consensus(r) == pytest.approx(of_all, rel=1e-8)
    assert found.consensus == pytest.approx(of_all, abs=0.02 if case == "plain" else 1e-4)
    apart = np.abs(found.atanh - r)
    assert np.sort(apart[np.isfinite(r)])[:51].max() < 1e-3
    weights = w if case == "weighted" else np.ones_like(w)
    for i in np.flatnonzero(apart > 1e-5):
        ours, of_r = (
            restricted_log_likelihood(np.tanh(a[i]), y[i], x, blocks, weights[i])
            for a in (found.atanh, r)
        )
        assert ours >= of_r
    if case == "plain":
        ends = np.arctanh([0.99, -0.49])
        np.testing.assert_allclose(found.atanh[[1, 2]], ends, rtol=1e-9)
        np.testing.assert_allclose(r[[1, 2]], ends, rtol=1e-9)
