"""Two rounds of voom and weights of samples against limma 3.54.1 on the study's own RNA-seq.

`data/voom_rounds.R` made the numbers. R's own correlation is given where it enters, since R stops
before its end.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analyses.stats.counts.voom import voom
from analyses.stats.counts.voom_rounds import voom_rounds
from analyses.stats.linear.array_weights import array_weights
from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.types import Floats
from tests.support.paths import DATA
from tests.support.real_data import Grams

COVARIATES = ("proportion_memory", "cell_viability", "age")


@pytest.fixture(scope="module")
def limma() -> pl.DataFrame:
    return pl.read_csv(DATA / "voom_rounds.csv", null_values="NA")


@pytest.fixture(scope="module")
def basis(grams: Grams) -> DesignBasis:
    return design_basis(grams.design(covariates=COVARIATES).matrix)


@pytest.fixture(scope="module")
def blocks(grams: Grams) -> Blocks:
    return make_blocks(grams.subjects())


def of_samples(limma: pl.DataFrame, quantity: str) -> Floats:
    return limma.filter(quantity=quantity).sort("sample")["value"].to_numpy()


def number(limma: pl.DataFrame, quantity: str) -> float:
    return float(limma.filter(quantity=quantity)["value"].item())


def assert_same_weights(found: Floats, limma: pl.DataFrame, quantity: str, near: float) -> None:
    rows = limma.filter(quantity=quantity)
    assert len(rows) == 5 * 60
    values = found[rows["gene"].to_numpy() - 1, rows["sample"].to_numpy() - 1]
    np.testing.assert_allclose(values, rows["value"].to_numpy(), rtol=near)


def test_second_round_with_the_correlation_of_r(
    grams: Grams, basis: DesignBasis, blocks: Blocks, limma: pl.DataFrame
) -> None:
    rho = number(limma, "consensus_first")
    found = voom(grams.counts, grams.effective_library, basis, blocks, rho)
    assert_same_weights(found.weights, limma, "weights_second", 1e-8)


@pytest.mark.slow
def test_two_rounds_of_our_own(
    grams: Grams, basis: DesignBasis, blocks: Blocks, limma: pl.DataFrame
) -> None:
    found = voom_rounds(grams.counts, grams.effective_library, basis, blocks, rounds=2)
    assert found.correlation == pytest.approx(number(limma, "consensus_first"), abs=1e-5)
    assert_same_weights(found.weights, limma, "weights_second", 1e-5)
    again = block_correlation(found.log2_cpm, basis, blocks, found.weights).consensus
    assert again == pytest.approx(number(limma, "consensus_second"), abs=1e-5)
    assert again != found.correlation


def test_weights_of_samples_by_log_cpm(
    grams: Grams, basis: DesignBasis, limma: pl.DataFrame
) -> None:
    """edgeR's log-CPM of these samples alone."""
    library = grams.effective_library
    prior = 2.0 * library / library.mean()
    values = np.log2((grams.counts + prior) / (library + 2.0 * prior) * 1e6)
    found = array_weights(values, basis)
    np.testing.assert_allclose(found, of_samples(limma, "array_weights_log_cpm"), rtol=1e-6)


def test_weights_of_samples_given_voom(
    grams: Grams, basis: DesignBasis, limma: pl.DataFrame
) -> None:
    values = voom(grams.counts[::150], grams.effective_library, basis)
    found = array_weights(values.log2_cpm, basis, values.weights)
    np.testing.assert_allclose(found, of_samples(limma, "array_weights_voom"), rtol=1e-6)


def test_quality_weights(grams: Grams, basis: DesignBasis, limma: pl.DataFrame) -> None:
    found = voom_rounds(grams.counts[::150], grams.effective_library, basis, weigh_samples=True)
    assert found.sample_weights is not None
    np.testing.assert_allclose(found.sample_weights, of_samples(limma, "quality"), rtol=1e-6)
    assert_same_weights(found.weights, limma, "weights_quality", 1e-6)


def test_quality_weights_with_the_correlation_of_r(
    grams: Grams, basis: DesignBasis, blocks: Blocks, limma: pl.DataFrame
) -> None:
    rho, counts = number(limma, "consensus_first"), grams.counts[::150]
    values = voom(counts, grams.effective_library, basis, blocks, rho)
    between = array_weights(values.log2_cpm, basis, values.weights)
    values = voom(counts, grams.effective_library, basis, blocks, rho, between)
    found = array_weights(values.log2_cpm, basis, values.weights)
    np.testing.assert_allclose(found, of_samples(limma, "quality_second"), rtol=1e-6)
    assert_same_weights(values.weights * found, limma, "weights_quality_second", 1e-6)
