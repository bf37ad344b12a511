from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import nbinom

from analyses.stats.counts import dispersion
from analyses.stats.counts.dispersion import (
    GRID,
    adjusted_profile_likelihood,
    common_dispersion,
    gene_dispersions,
)
from analyses.stats.counts.dispersion_spline import spline_maximum
from analyses.stats.counts.negative_binomial import LEAST_DISPERSION, fit_negative_binomial
from cohortmart.core.types import Floats
from tests.support.paths import DATA

N = 10
DESIGN = np.column_stack([np.ones(N), np.arange(N) % 2, np.arange(N) >= 6])
OFFSET = np.log(np.linspace(0.7, 1.5, N))


def simulated(rng: np.random.Generator, n_genes: int, phi: float) -> Floats:
    mean = np.exp(rng.uniform(2, 7, size=(n_genes, 1)) + OFFSET)
    return rng.negative_binomial(1 / phi, 1 / (1 + phi * mean)).astype(float)


def dense_likelihood(y: Floats, phi: float, design: Floats = DESIGN) -> float:
    fit = fit_negative_binomial(y[None], design, OFFSET[: len(y)], np.array([phi]), None, 1e-12)
    mean = fit.fitted[0]
    information = design.T @ np.diag(mean / (1 + phi * mean)) @ design
    likelihood = nbinom.logpmf(y, 1 / phi, 1 / (1 + phi * mean)).sum()
    return float(likelihood - 0.5 * np.log(np.linalg.det(information)))


def test_adjusted_likelihood_as_it_is_defined(rng: np.random.Generator) -> None:
    y = simulated(rng, 8, 0.2)
    at = [0.003, 0.05, 0.2, 1.7]
    found = np.column_stack([adjusted_profile_likelihood(y, DESIGN, OFFSET, a)[0] for a in at])
    expected = np.array([[dense_likelihood(row, a) for a in at] for row in y])
    # what does not depend on the dispersion is left out
    found -= found[:, :1]
    np.testing.assert_allclose(found, expected - expected[:, :1], atol=1e-5)


def test_common_dispersion_is_the_maximum(rng: np.random.Generator) -> None:
    y = simulated(rng, 60, 0.3)
    found = common_dispersion(y, DESIGN, OFFSET)

    def total(phi: float) -> float:
        return float(adjusted_profile_likelihood(y, DESIGN, OFFSET, phi)[0].sum())

    assert total(found) > max(total(found * 0.998), total(found * 1.002))
    assert 0.2 < found < 0.45


def test_many_genes_are_as_few(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    y = simulated(rng, 1050, 0.1)
    few = common_dispersion(y, DESIGN, OFFSET)
    monkeypatch.setattr(dispersion, "_FEW_GENES", 1000)
    assert common_dispersion(y, DESIGN, OFFSET) == pytest.approx(few, rel=1e-4)
    y[::1050] = 1e4 * (np.arange(N) == 3)  # the thousand looked at first can mislead
    monkeypatch.setattr(dispersion, "_FEW_GENES", 2000)
    few = common_dispersion(y, DESIGN, OFFSET)
    monkeypatch.setattr(dispersion, "_FEW_GENES", 1000)
    assert common_dispersion(y, DESIGN, OFFSET) == pytest.approx(few, rel=1e-4)


def test_genes_without_counts_say_nothing(rng: np.random.Generator) -> None:
    y = simulated(rng, 50, 0.2)
    sparse = np.zeros((20, N))
    sparse[:, 2] = 4.0
    both = np.vstack([y, sparse])
    common = common_dispersion(y, DESIGN, OFFSET)
    assert common_dispersion(both, DESIGN, OFFSET) == common
    assert (gene_dispersions(both, DESIGN, OFFSET, common)[50:] == common).all()
    assert common_dispersion(sparse, DESIGN, OFFSET) == LEAST_DISPERSION


def test_a_gene_is_at_its_own_maximum(rng: np.random.Generator) -> None:
    y = simulated(rng, 40, 0.2)
    found = gene_dispersions(y, DESIGN, OFFSET, 0.2)
    inside = (found > 0.2 * 2**-5) & (found < 0.2 * 2**5)
    assert inside.sum() > 25
    fine = 2.0 ** np.linspace(-6, 6, 61)
    table = np.column_stack(
        [adjusted_profile_likelihood(y[inside], DESIGN, OFFSET, 0.2 * f)[0] for f in fine]
    )
    best = 0.2 * fine[np.argmax(table, axis=1)]
    # 11 points and a spline: within a few hundredths
    np.testing.assert_allclose(np.log2(found[inside]), np.log2(best), atol=0.2)


def test_a_group_of_zeros_has_no_part_in_it(rng: np.random.Generator) -> None:
    """Its mean is zero whatever the dispersion: the same as without its samples."""
    y = simulated(rng, 40, 0.2)
    y[:, 6:] = 0.0
    whole = gene_dispersions(y, DESIGN, OFFSET, 0.2)
    part = gene_dispersions(y[:, :6], DESIGN[:6, :2], OFFSET[:6], 0.2)
    np.testing.assert_allclose(whole, part, rtol=1e-4)


def test_as_edger() -> None:
    """`combat_seq_synthetic.R`: estimateGLMCommonDisp, estimateGLMTagwiseDisp(prior.df = 0)."""

    genes = pl.read_csv(DATA / "combat_seq_synthetic.csv", null_values="NA")
    samples = pl.read_csv(DATA / "combat_seq_synthetic_samples.csv")
    genes = genes.filter(pl.col("dispersionA").is_not_null())
    counts = genes.select("^count.*$").to_numpy().astype(float)
    keep = np.column_stack(
        [np.ones(29), (samples["group"] == "y").to_numpy(), samples["age"].to_numpy()]
    )
    for batch in "AB":
        members = (samples["batch"] == batch).to_numpy()
        y, design = counts[:, members], keep[members]
        offset = np.log(y.sum(axis=0))
        common = common_dispersion(y, design, offset)
        assert common == pytest.approx(samples["common"].filter(members)[0], rel=1e-5)
        np.testing.assert_allclose(
            gene_dispersions(y, design, offset, common),
            genes[f"dispersion{batch}"].to_numpy(),
            rtol=2e-4,
        )


def test_spline_is_exact_for_cubics(rng: np.random.Generator) -> None:
    top = rng.uniform(-5.9, 5.9, size=50)
    bend = rng.uniform(0.01, 0.03, size=50)[:, None]
    away = GRID - top[:, None]
    np.testing.assert_allclose(spline_maximum(GRID, -(away**2) + bend * away**3), top, atol=1e-9)


def test_spline_that_rises_to_an_end() -> None:
    np.testing.assert_array_equal(
        spline_maximum(GRID, np.vstack([GRID, -GRID, np.exp(GRID), np.zeros(11)])),
        [6.0, -6.0, 6.0, -6.0],
    )


def test_spline_as_edger() -> None:
    """`maximizeInterpolant(seq(-6, 6, length.out = 11), y)`."""
    i = np.arange(1, 12)
    rows = np.array([np.sin(k * i) + np.cos(i * i / k) for k in (2, 3, 5, 7)])
    np.testing.assert_allclose(spline_maximum(GRID, rows), EDGER, atol=1e-9)


EDGER = [5.195770703889, -6.000000000000, 2.510971496653, -5.155363964554]
