"""Counts of an array, filtered and normalised by the SQL that normalises those of a warehouse."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from analyses.load.normalised_counts import NormalisedCounts
from analyses.stats.counts.filter_by_expr import filter_by_expr
from cohortmart.core.errors import AnalysisError
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.macros import rendered


def array_counts(
    name: str, counts: Floats, sample_ids: Sequence[str], groups: Sequence[str] | None, keep: bool
) -> tuple[NormalisedCounts, pa.Array]:
    """Return counts with TMM's library sizes and log-CPM.

    Parameters
    ----------
    name : str
        Of the fit, for messages.
    counts : ndarray of shape (n_genes, n_samples)
    sample_ids : sequence of str, length n_samples
    groups : sequence of str or None
        Group of each sample for the filter.
    keep : bool
        Keep every gene; else those that pass `filter_by_expr`.

    Returns
    -------
    NormalisedCounts
        Its feature_ids are the numbers of the rows that are kept, as text.
    pyarrow.Array of int64
        Those numbers.

    Raises
    ------
    AnalysisError
        The filter leaves no gene, or a sample has no counts at all.
    """
    passed = np.ones(len(counts), bool) if keep else filter_by_expr(counts, groups)
    rows = np.flatnonzero(passed)
    if not rows.size:
        raise AnalysisError(f"{name}: no gene has enough counts to pass the filter")
    kept = np.ascontiguousarray(counts[rows])
    empty = [s for s, total in zip(sample_ids, kept.sum(axis=0), strict=True) if total == 0]
    if empty:
        raise AnalysisError(
            f"{name}: {len(empty)} sample(s) have no counts at all",
            found=", ".join(empty[:5]),
            hint="leave them out",
        )
    effective, log2_cpm = _tmm(kept, sample_ids)
    ids = pa.array([str(row) for row in rows], pa.string())
    return NormalisedCounts(ids, kept, effective, log2_cpm), pa.array(rows, pa.int64())


def _tmm(counts: Floats, sample_ids: Sequence[str]) -> tuple[Floats, Floats]:
    """Run the warehouse's SQL on a table of the counts, and put its answer into arrays again."""
    n_genes, n_samples = counts.shape
    long = pa.table(
        {
            "assay": pa.repeat("array", n_genes * n_samples),
            "feature_id": np.repeat(np.arange(n_genes), n_samples),
            "sample_id": pa.array(list(sample_ids) * n_genes, pa.string()),
            "place": np.tile(np.arange(n_samples), n_genes),
            "count": counts.ravel(),
        }
    )
    con = duckdb.connect()
    try:
        con.register("given", long)
        con.execute("create temp table own_counts as select * from given")
        con.execute(f"create temp table own_factors as {rendered('tmm_factors', 'own_counts')}")
        factors = con.sql(
            "select sample_id, lib_size * norm_factor as effective from own_factors"
        ).fetchall()
        effective = dict(factors)
        values = con.sql(
            f"select log2_cpm from ({rendered('log_cpm', 'own_counts', 'own_factors')}) as made "
            "inner join own_counts as c using (feature_id, sample_id) "
            "order by feature_id, c.place"
        ).to_arrow_table()["log2_cpm"]
    finally:
        con.close()
    made = values.to_numpy().reshape(n_genes, n_samples)
    return np.array([effective[s] for s in sample_ids]), np.asarray(made)
