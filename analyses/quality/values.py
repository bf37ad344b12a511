"""The values that samples are compared by: log-CPM, M-values, measurements of equal weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.load.streamed import KeptBetas, Measurements
from analyses.quality.sample_sets import SampleSet
from analyses.stats.counts.filter_by_expr import filter_by_expr
from analyses.stats.methylation.m_value import m_value
from analyses.stats.ordination.multidimensional_scaling import (
    MostVariable,
    leading_differences,
    mds_common,
    mds_pairwise,
)
from analyses.stats.ordination.principal_components import (
    SampleSums,
    complete_about_mean,
    sample_sums,
)
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.home import fetch

#: What is computed of the features of a set: sums over all, and the map by the leading ones.
SetSums = tuple[SampleSums, Floats]

_BATCH = 262_144


def sums_of_counts(
    con: duckdb.DuckDBPyConnection, assay: str, ids: Sequence[str], sets: Sequence[SampleSet]
) -> Iterator[SetSums]:
    """Sum over log2-CPM, for each set over the genes that are expressed in it.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    assay : str
        Of kind counts.
    ids : sequence of str
        The samples that the sets count.
    sets : sequence of SampleSet

    Yields
    ------
    SampleSums, ndarray of shape (n_samples of the set, n_dimensions)
        In the order of the sets.
    """
    counts, log2_cpm = _expression(con, assay, ids)
    for one in sets:
        expressed = filter_by_expr(counts[:, one.columns], None)
        values = log2_cpm[np.ix_(expressed, one.columns)]
        differences, means = complete_about_mean(values)
        squared = leading_differences(values[np.isfinite(values).all(axis=1)])
        yield sample_sums(differences, means), mds_pairwise(squared)


def _expression(
    con: duckdb.DuckDBPyConnection, assay: str, ids: Sequence[str]
) -> tuple[Floats, Floats]:
    """Read counts and log2-CPM of all genes, each (n_genes, n_samples), genes in byte order."""
    gene_ids = pa.chunked_array(
        fetch(
            con,
            "select distinct gene_id from fct_gene_expression where assay = $1 order by gene_id",
            [assay],
        )["gene_id"]
    ).combine_chunks()
    sample_ids = pa.array(ids, pa.string())
    counts, log2_cpm = (np.full((len(gene_ids), len(ids)), np.nan) for _ in range(2))
    reader = (
        con.cursor()
        .sql(
            "select gene_id, sample_id, count, log2_cpm from fct_gene_expression where assay = $1",
            params=[assay],
        )
        .to_arrow_reader(_BATCH)
    )
    for batch in reader:
        column = pc.index_in(batch["sample_id"], value_set=sample_ids)
        known = pc.is_valid(column)
        row = pc.index_in(batch["gene_id"], value_set=gene_ids).filter(known).to_numpy()
        at = (row, column.filter(known).to_numpy())
        counts[at] = batch["count"].filter(known).to_numpy(zero_copy_only=False)
        log2_cpm[at] = batch["log2_cpm"].filter(known).to_numpy(zero_copy_only=False)
    return counts, log2_cpm


def sums_of_betas(
    con: duckdb.DuckDBPyConnection,
    assay: str,
    clip: float,
    ids: Sequence[str],
    sets: Sequence[SampleSet],
) -> list[SetSums]:
    """Sum over M-values, for each set over the probes without a missing value in it.

    The betas pass once for all sets, in blocks of probes.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    assay : str
        Of kind beta.
    clip : float
        Betas are clipped to [clip, 1 - clip] before the logit.
    ids : sequence of str
        The samples that the sets count.
    sets : sequence of SampleSet

    Returns
    -------
    list of SampleSums, ndarray of shape (n_samples of the set, n_dimensions)
        In the order of the sets.
    """
    blocks = (m_value(beta, clip) for _, beta in KeptBetas(con, assay, ids).blocks())
    return _sums(blocks, len(ids), sets)


def sums_of_measurements(
    con: duckdb.DuckDBPyConnection, assay: str, ids: Sequence[str], sets: Sequence[SampleSet]
) -> list[SetSums]:
    """Sum over measurements, each measure with a standard deviation of 1 over the samples.

    Measures have units of their own; without that the one with the largest numbers would be all
    that is seen. Parameters and returns as for `sums_of_betas`.
    """
    blocks = (_scaled(values) for _, values in Measurements(con, assay, ids).blocks())
    return _sums(blocks, len(ids), sets)


def _scaled(values: Floats) -> Floats:
    known = ~np.isnan(values)
    n = known.sum(axis=1, keepdims=True)
    total = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
    centred = values - total / np.maximum(n, 1)
    squares = np.where(known, centred, 0.0) ** 2
    sd = np.sqrt(squares.sum(axis=1, keepdims=True) / np.maximum(n - 1, 1))
    return np.asarray(np.where(sd > 0, centred / np.where(sd > 0, sd, 1.0), 0.0 * centred))


def _sums(blocks: Iterable[Floats], n_samples: int, sets: Sequence[SampleSet]) -> list[SetSums]:
    """Sum over blocks of features that pass once for all sets."""
    sums = []
    chosen = []
    for one in sets:
        nothing = np.empty((0, len(one.columns)))
        sums.append(sample_sums(nothing, np.empty(0)))
        chosen.append(MostVariable(nothing, np.empty(0)))
    for values in one_ahead(blocks):
        for i, one in enumerate(sets):
            whole = len(one.columns) == n_samples
            part = values if whole else np.take(values, one.columns, axis=1)
            differences, means = complete_about_mean(part)
            sums[i] += sample_sums(differences, means)
            chosen[i] = chosen[i].with_block(differences)
    return [(s, mds_common(c)) for s, c in zip(sums, chosen, strict=True)]
