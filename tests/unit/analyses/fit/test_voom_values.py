"""What the model of an analysis is fitted to: rounds of voom and weights of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from analyses.fit import response as module
from analyses.fit.response import ValueBlock, values_of
from analyses.load.normalised_counts import NormalisedCounts
from analyses.stats.counts.voom_rounds import voom_rounds
from analyses.stats.linear.array_weights import array_weights
from analyses.stats.linear.basis import design_basis
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.block_correlation import correlation_of_rows
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.errors import AnalysisError
from cohortmart.core.types import Floats

BASIS = design_basis(np.column_stack([np.ones(8), np.tile([0.0, 1.0], 4)]))
BLOCKS = make_blocks([str(i // 2) for i in range(8)])
NOISE = np.array([1, 1, 4, 1, 1, 1, 1, 1.0])


@pytest.fixture
def betas(rng: np.random.Generator) -> Floats:
    y = rng.normal(0, 1, (90, 1)) + rng.normal(size=(90, 8)) * NOISE
    y[rng.random(y.shape) < 0.03] = np.nan
    return np.asarray(2**y / (1 + 2**y))


@dataclass
class Warehouse:
    """Stands in for it; counts how often the betas are read."""

    counts: NormalisedCounts
    reads: int = 0


@pytest.fixture
def warehouse(
    monkeypatch: pytest.MonkeyPatch, betas: Floats, rng: np.random.Generator
) -> Warehouse:
    ids = pa.array([f"cg{i:03d}" for i in range(90)])
    counts = np.asarray(rng.poisson(np.exp(rng.uniform(1, 6, (90, 8)))), float)
    made = NormalisedCounts(ids, counts, counts.sum(axis=0) * 1.1, np.log2(counts + 1))
    out = Warehouse(made)

    class Betas:
        def __init__(self, _: object, assay: str, sample_ids: list[str]) -> None:
            assert assay == "m"
            assert sample_ids == [f"s{i}" for i in range(8)]

        def blocks(self) -> Iterator[tuple[pa.Array, Floats]]:
            out.reads += 1
            for start in range(0, 90, 40):
                yield ids[start : start + 40], betas[start : start + 40]

    monkeypatch.setattr(module, "KeptBetas", Betas)
    monkeypatch.setattr(module, "normalised_counts", lambda *_: made)
    return out


def blocks_of(
    values: str, array_weights: bool = True, rounds: int = 1, span: float | str = 0.5
) -> list[ValueBlock]:
    analysis: Any = SimpleNamespace(
        values=values,
        assay="m",
        array_weights=array_weights,
        voom=SimpleNamespace(rounds=rounds, span=span),
    )
    study: Any = SimpleNamespace(assays={"m": SimpleNamespace(m_value_clip=1e-6)})
    nothing: Any = SimpleNamespace(expression_groups=None)
    samples = pl.DataFrame({"sample_id": [f"s{i}" for i in range(8)]})
    values_made = values_of(
        nothing, study, "a", analysis, samples, nothing, BASIS, BLOCKS, module.normalised_counts
    )
    return list(values_made.blocks())


@pytest.mark.parametrize("kind", ["m_value", "beta"])
def test_methylation_is_weighted_as_it_passes(
    kind: str, betas: Floats, warehouse: Warehouse
) -> None:
    found = blocks_of(kind)
    assert 3 <= warehouse.reads <= 15  # no round holds all
    y = m_value(betas, 1e-6) if kind == "m_value" else betas
    expected = array_weights(y, BASIS)
    assert [len(b.y) for b in found] == [40, 40, 10]
    np.testing.assert_array_equal(np.concatenate([b.y for b in found]), y)
    np.testing.assert_array_equal(np.concatenate([b.beta for b in found]), betas)
    for block in found:
        assert block.weights is not None
        assert block.weights.shape == block.y.shape
        np.testing.assert_allclose(block.weights, np.tile(expected, (len(block.y), 1)), rtol=1e-6)
    assert expected.argmin() == 2
    assert all(b.weights is None for b in blocks_of(kind, array_weights=False))


def test_log_cpm_is_weighted(warehouse: Warehouse) -> None:
    made = warehouse.counts
    (found,) = blocks_of("log_cpm")
    assert found.weights is not None
    np.testing.assert_allclose(found.weights[7], array_weights(made.log2_cpm, BASIS), rtol=1e-9)
    (plain,) = blocks_of("log_cpm", array_weights=False)
    assert plain.weights is None


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("weigh", [False, True])
def test_voom_gets_its_rounds_and_weights(warehouse: Warehouse, rounds: int, weigh: bool) -> None:
    made = warehouse.counts
    (found,) = blocks_of("voom", weigh, rounds)
    expected = voom_rounds(made.counts, made.effective_library, BASIS, BLOCKS, rounds, weigh)
    assert found.weights is not None
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_array_equal(found.y, expected.log2_cpm)


def test_voom_gets_its_span(warehouse: Warehouse) -> None:
    made = warehouse.counts
    (found,) = blocks_of("voom", False, span="adaptive")
    expected = voom_rounds(made.counts, made.effective_library, BASIS, span="adaptive")
    assert found.weights is not None
    np.testing.assert_array_equal(found.weights, expected.weights)
    (usual,) = blocks_of("voom", False)
    assert usual.weights is not None
    assert np.abs(found.weights / usual.weights - 1).max() > 1e-3


@pytest.mark.usefixtures("warehouse")
def test_nothing_to_weigh_samples_by(betas: Floats) -> None:
    betas[:] = 0.5
    with pytest.raises(AnalysisError, match="weights of the samples cannot be") as caught:
        blocks_of("m_value")
    assert "8 samples" in str(caught.value.found)


def test_one_row_of_weights_is_as_good_as_many(betas: Floats, rng: np.random.Generator) -> None:
    """The block correlation knows a row that all features share, and takes the quick way."""
    y, row = m_value(betas, 1e-6), np.exp(rng.normal(0, 0.7, 8))
    y[0, 1:] = np.nan
    shared = correlation_of_rows(y, BASIS, BLOCKS, np.broadcast_to(row, y.shape))
    own = correlation_of_rows(y, BASIS, BLOCKS, np.tile(row, (len(y), 1)))
    assert np.isnan(shared[0])
    np.testing.assert_allclose(shared, own, rtol=1e-7, atol=1e-8)
