"""The response of a model: log-CPM, voom, M-values, betas or measurements, in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from analyses.design.model_matrix import Design
from analyses.load.normalised_counts import NormalisedCounts, normalised_counts
from analyses.load.streamed import KeptBetas, Measurements
from analyses.stats.counts.voom import VoomTrend
from analyses.stats.counts.voom_rounds import voom_rounds
from analyses.stats.linear.array_weights import array_weights_of_parts
from analyses.stats.linear.basis import DesignBasis
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.blocks import Blocks
from cohortmart.core.count_scale import CountScale
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.types import Floats

#: `normalised_counts`.
ReadCounts = Callable[
    [duckdb.DuckDBPyConnection, str, Analysis, Sequence[str], Sequence[str] | None],
    NormalisedCounts,
]


@dataclass(frozen=True, eq=False)
class ValueBlock:
    """Values of some features.

    Parameters
    ----------
    feature_ids : pyarrow.StringArray
    y : ndarray of shape (n_features, n_samples)
        NaN = missing.
    weights : ndarray of the same shape, or None
    beta : ndarray of the same shape, or None
        For delta_beta.
    """

    feature_ids: pa.Array
    y: Floats
    weights: Floats | None = None
    beta: Floats | None = None


class Values(Protocol):
    """All features of an analysis."""

    def blocks(self) -> Iterator[ValueBlock]:
        """Stream the features, sorted by id; every call begins anew."""
        ...


@dataclass(frozen=True, eq=False)
class ValuesInMemory:
    """Values that had to be made from all features at once.

    Parameters
    ----------
    whole : ValueBlock
    sample_weights : ndarray of shape (n_samples,) or None
        The samples' part of the weights.
    trend : VoomTrend or None
        Of the same features, where the values are voom's.
    n_unexpressed : int
        Features without a count in any of the samples.
    """

    whole: ValueBlock
    sample_weights: Floats | None = None
    trend: VoomTrend | None = None
    n_unexpressed: int = 0

    def blocks(self) -> Iterator[ValueBlock]:
        """Give them as one block."""
        yield self.whole


@dataclass(frozen=True, eq=False)
class MethylationValues:
    """M-values or betas, computed as the betas pass.

    Parameters
    ----------
    betas : KeptBetas
    clip : float or None
        Betas are clipped to [clip, 1 - clip] before the logit; None = fit the betas themselves.
    """

    betas: KeptBetas
    clip: float | None

    def blocks(self) -> Iterator[ValueBlock]:
        """Stream them."""
        for ids, beta in self.betas.blocks():
            y = beta if self.clip is None else m_value(beta, self.clip)
            yield ValueBlock(ids, y, beta=beta)


@dataclass(frozen=True, eq=False)
class MeasuredValues:
    """Measurements as they pass.

    Parameters
    ----------
    measurements : Measurements
    """

    measurements: Measurements

    def blocks(self) -> Iterator[ValueBlock]:
        """Stream them."""
        for ids, values in self.measurements.blocks():
            yield ValueBlock(ids, values)


@dataclass(frozen=True, eq=False)
class SampleWeightedValues:
    """Values without weights of their own, every feature with the same weights of the samples.

    Parameters
    ----------
    values : Values
    sample_weights : ndarray of shape (n_samples,)
    """

    values: Values
    sample_weights: Floats

    def blocks(self) -> Iterator[ValueBlock]:
        """Stream them; the weights are one row, seen as many."""
        for block in self.values.blocks():
            yield replace(block, weights=np.broadcast_to(self.sample_weights, block.y.shape))


def values_of(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    name: str,
    analysis: Analysis,
    samples: pl.DataFrame,
    design: Design,
    basis: DesignBasis,
    blocks: Blocks | None = None,
    read_counts: ReadCounts = normalised_counts,
) -> Values:
    """Return the values that an analysis names.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis
    samples : polars.DataFrame
        Rows of `dim_sample`, in the order of the columns.
    design : Design
    basis : DesignBasis
        Of that design.
    blocks : Blocks or None
        Of the model; for the second round of voom.
    read_counts : callable
        `normalised_counts`, or what gives the same.

    Raises
    ------
    AnalysisError
        The filter leaves no gene, a sample has no counts, or voom, the correlation that its
        second round uses, or the weights of the samples cannot be computed.
    """
    ids = samples["sample_id"].to_list()
    values: Values
    if analysis.values in ("m_value", "beta"):
        clip = study.assays[analysis.assay].m_value_clip
        betas = KeptBetas(con, analysis.assay, ids)
        values = MethylationValues(betas, clip if analysis.values == "m_value" else None)
        return weighted(f"analysis {name}", analysis, values, basis)
    if analysis.values == "measured":
        values = MeasuredValues(Measurements(con, analysis.assay, ids))
        return weighted(f"analysis {name}", analysis, values, basis)
    counts = read_counts(con, name, analysis, ids, design.expression_groups)
    n_unexpressed = int((~counts.counts.any(axis=1)).sum())
    if analysis.values == "log_cpm":
        block = ValueBlock(counts.feature_ids, counts.log2_cpm)
        values = ValuesInMemory(block, n_unexpressed=n_unexpressed)
        return weighted(f"analysis {name}", analysis, values, basis)
    refuse_scale(f"analysis {name}", counts.counts)
    try:
        made = voom_rounds(
            counts.counts,
            counts.effective_library,
            basis,
            blocks,
            analysis.voom.rounds,
            analysis.array_weights,
            analysis.voom.span,
        )
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
    block = ValueBlock(counts.feature_ids, made.log2_cpm, weights=made.weights)
    return ValuesInMemory(block, made.sample_weights, made.trend, n_unexpressed)


def refuse_scale(where: str, counts: Floats, *, voom: bool = True) -> None:
    """Refuse what has not the variance of counts, whenever it came into the lake.

    Parameters
    ----------
    where : str
        Begins the message.
    counts : ndarray of shape (n_genes, n_samples)
    voom : bool
        Whether it is voom that needs them; else log-CPM, which CPM would do, too.

    Raises
    ------
    AnalysisError
        They are logarithms, or CPM, TPM or the like where voom needs counts.
    """
    scale = CountScale()
    scale.add(counts)
    if scale.are_logarithms or (voom and scale.are_per_million):
        raise AnalysisError(
            f"{where}: {'voom' if voom else 'log-CPM'} needs counts, and the values are "
            f"{'logarithms' if scale.are_logarithms else 'CPM, TPM or the like'}",
            expected="counts of reads: whole numbers, or estimates as of salmon and RSEM",
            found=scale.words,
            hint="give the counts themselves, or write `kind: continuous` and `values: measured`",
        )


def weighted(where: str, analysis: Analysis, values: Values, basis: DesignBasis) -> Values:
    """Weigh the samples if the analysis asks for it; the features pass several times.

    Parameters
    ----------
    where : str
        Begins the message.
    analysis : Analysis
    values : Values
    basis : DesignBasis

    Raises
    ------
    AnalysisError
        The weights cannot be estimated.
    """
    if not analysis.array_weights:
        return values

    def parts() -> Iterator[tuple[Floats, Floats | None]]:
        return ((block.y, None) for block in one_ahead(values.blocks()))

    try:
        return SampleWeightedValues(values, array_weights_of_parts(parts, basis))
    except ValueError as error:
        raise AnalysisError(
            f"{where}: the weights of the samples cannot be estimated: {error}",
            expected="features that vary, and more samples than coefficients",
            found=f"{len(basis.q)} samples, {basis.rank} independent coefficients",
            hint="leave `array_weights` out",
        ) from error
