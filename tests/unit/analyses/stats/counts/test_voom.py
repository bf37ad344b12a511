from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.counts.voom import voom
from analyses.stats.linear.basis import design_basis
from analyses.stats.numeric.lowess import lowess
from cohortmart.core.types import Floats


@pytest.fixture
def counts(rng: np.random.Generator) -> Floats:
    mean = np.exp(rng.uniform(0, 8, size=(300, 1)))
    drawn = rng.negative_binomial(8, 8 / (8 + mean * rng.uniform(0.5, 2, size=(1, 10))))
    drawn[5] = 0
    return np.asarray(drawn, float)


@pytest.fixture
def design() -> Floats:
    return np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)])


def test_every_step_by_hand(counts: Floats, design: Floats, rng: np.random.Generator) -> None:
    library = counts.sum(axis=0) * rng.uniform(0.8, 1.2, 10)
    found = voom(counts, library, design_basis(design))
    y = np.empty_like(counts)
    for (i, j), count in np.ndenumerate(counts):
        y[i, j] = np.log2((count + 0.5) / (library[j] + 1) * 1e6)
    np.testing.assert_allclose(found.log2_cpm, y, rtol=1e-13)

    beta = np.linalg.lstsq(design, y.T, rcond=None)[0]
    fitted = (design @ beta).T
    sd = np.sqrt(((y - fitted) ** 2).sum(axis=1) / 8)
    size = y.mean(axis=1) + np.mean(np.log2(library + 1)) - np.log2(1e6)
    counted = [i for i in range(300) if counts[i].sum() > 0]
    order = sorted(counted, key=lambda i: size[i])
    np.testing.assert_allclose(found.trend_x, np.unique(size[order]), rtol=1e-12)
    curve = lowess(size[order], np.sqrt(sd[order]), span=0.5)
    for i, j in ((0, 0), (5, 3), (17, 9), (299, 4)):
        fitted_count = 2.0 ** fitted[i, j] * 1e-6 * (library[j] + 1)
        predicted = np.interp(np.log2(fitted_count), size[order], curve)
        assert found.weights[i, j] == pytest.approx(predicted**-4, rel=1e-8)


def test_genes_without_counts_do_not_shape_the_trend(counts: Floats, design: Floats) -> None:
    library = counts.sum(axis=0)
    basis = design_basis(design)
    alone = voom(np.delete(counts, 5, axis=0), library, basis)
    crowd = voom(np.vstack([counts, np.zeros((400, 10))]), library, basis)
    np.testing.assert_allclose(crowd.trend_y, alone.trend_y, rtol=1e-10)
    np.testing.assert_allclose(crowd.weights[0], alone.weights[0], rtol=1e-10)


def test_the_coding_of_the_design_does_not_matter(counts: Floats, design: Floats) -> None:
    library = counts.sum(axis=0)
    means = np.column_stack([1 - design[:, 1], design[:, 1]])
    one, other = (voom(counts, library, design_basis(x)) for x in (design, means))
    np.testing.assert_allclose(other.weights, one.weights, rtol=1e-9)


def test_too_little_to_weigh(counts: Floats, design: Floats) -> None:
    with pytest.raises(ValueError, match="more samples"):
        voom(counts[:, :2], np.full(2, 1e5), design_basis(np.eye(2)))
    with pytest.raises(ValueError, match="two genes"):
        voom(np.zeros((3, 10)), np.full(10, 1e5), design_basis(design))
