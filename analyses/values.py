"""What the model of an analysis is fitted to, in blocks of features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from analyses.design.model_matrix import Design
from analyses.load.betas import KeptBetas
from analyses.load.normalised_counts import normalised_counts
from analyses.normalise.m_value import m_value
from analyses.normalise.voom import voom
from analyses.stats.basis import DesignBasis
from cohortmart.errors import AnalysisError
from cohortmart.study import Analysis, Study

Floats = NDArray[np.float64]


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
    """Values that had to be made from all features at once."""

    whole: ValueBlock

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


def values_of(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    name: str,
    analysis: Analysis,
    samples: pl.DataFrame,
    design: Design,
    basis: DesignBasis,
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

    Raises
    ------
    AnalysisError
        The filter leaves no gene, a sample has no counts, or voom cannot be computed.
    """
    ids = samples["sample_id"].to_list()
    if analysis.values in ("m_value", "beta"):
        clip = study.assays[analysis.assay].m_value_clip
        betas = KeptBetas(con, analysis.assay, ids)
        return MethylationValues(betas, clip if analysis.values == "m_value" else None)
    counts = normalised_counts(con, name, analysis, ids, design.mean_labels)
    if analysis.values == "log_cpm":
        return ValuesInMemory(ValueBlock(counts.feature_ids, counts.log2_cpm))
    try:
        made = voom(counts.counts, counts.effective_library, basis)
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
    return ValuesInMemory(ValueBlock(counts.feature_ids, made.log2_cpm, weights=made.weights))
