from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.methylation.density import density, density_distance, mode


def test_density_is_the_sum_of_kernels(rng: np.random.Generator) -> None:
    x = np.rint(rng.beta(8, 12, 300) * 1000) / 1000
    width = 0.9 * min(x.std(ddof=1), stats.iqr(x) / 1.34) * 300**-0.2
    grid = np.arange(1001) / 1000
    by_hand = stats.norm.pdf(grid[:, None], x, width).mean(axis=1)
    np.testing.assert_allclose(density(x), by_hand, rtol=1e-4, atol=1e-6)
    assert mode(x) == grid[by_hand.argmax()]


@pytest.mark.parametrize("x", [[0.0], [1.0], [0.5, 0.5], [0.1] * 90 + [0.7] * 5])
def test_density_of_few_values(x: list[float]) -> None:
    values = np.array(x)
    assert density(values).sum() / 1000 == pytest.approx(1)
    assert mode(values) == x[0]


def test_distance_is_the_share_that_does_not_overlap() -> None:
    low, high = density(np.linspace(0.1, 0.2, 200)), density(np.linspace(0.7, 0.8, 200))
    assert density_distance(low, low) == 0
    assert density_distance(low, high) == pytest.approx(1, abs=1e-3)
    mixed = 0.75 * low + 0.25 * high
    assert density_distance(low, mixed) == pytest.approx(0.25, abs=1e-3)
