"""Counts of an analysis with their effective library sizes and log-CPM.

TMM lives once, as SQL in macros/tmm.sql. The warehouse has run it over all samples of the assay;
an analysis that filters genes or normalises over its own samples runs the same SQL again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from analyses.load.counts import feature_matrix
from analyses.stats.counts.filter_by_expr import filter_by_expr
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.macros import rendered
from cohortmart.core.warehouse.quoting import literal


@dataclass(frozen=True, eq=False)
class NormalisedCounts:
    """Counts and what TMM makes of them.

    Parameters
    ----------
    feature_ids : pyarrow.Array of string, length n_genes
    counts : ndarray of shape (n_genes, n_samples)
    effective_library : ndarray of shape (n_samples,)
        Library size times TMM factor.
    log2_cpm : ndarray of shape (n_genes, n_samples)
        As edgeR's cpm(log = TRUE).
    """

    feature_ids: pa.Array
    counts: Floats
    effective_library: Floats
    log2_cpm: Floats


def normalised_counts(
    con: duckdb.DuckDBPyConnection,
    name: str,
    analysis: Analysis,
    sample_ids: Sequence[str],
    groups: Sequence[str] | None,
) -> NormalisedCounts:
    """Read, filter and normalise the counts of an analysis.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    name, analysis : str, Analysis
    sample_ids : sequence of str
        Order of the columns.
    groups : sequence of str or None
        Group of each sample for the filter.

    Raises
    ------
    AnalysisError
        The filter leaves no gene, or a sample has no counts at all.
    """
    matrix = feature_matrix(con, analysis.assay, sample_ids)
    keep = np.ones(len(matrix.values), dtype=bool)
    if analysis.filter == "filter_by_expr":
        keep = filter_by_expr(matrix.values, groups)
    if not keep.any():
        raise AnalysisError(f"analysis {name}: no gene has enough counts to pass the filter")
    ids = matrix.feature_ids.filter(pa.array(keep))
    if keep.all() and analysis.normalisation_samples == "all":
        values, sizes = "fct_gene_expression", "qc_sample"
    else:
        _normalise_again(con, analysis, ids, sample_ids)
        values, sizes = "own_expression", "own_factors"
    # on `con` itself: temporary tables are not seen by its cursors
    library = con.sql(
        f"select sample_id, lib_size * norm_factor as effective from {sizes} where assay = $1",
        params=[analysis.assay],
    )
    sizes_of = library.to_arrow_table().to_pydict()
    effective = dict(zip(sizes_of["sample_id"], sizes_of["effective"], strict=True))
    empty = [s for s in sample_ids if not effective[s]]
    if empty:
        raise AnalysisError(
            f"analysis {name}: {len(empty)} sample(s) have no counts at all",
            found=", ".join(empty[:5]),
            hint="leave them out with `where`",
        )
    return NormalisedCounts(
        feature_ids=ids,
        counts=matrix.values[keep],
        effective_library=np.array([effective[s] for s in sample_ids]),
        log2_cpm=_log2_cpm(con, values, analysis.assay, sample_ids, len(ids)),
    )


def _log2_cpm(
    con: duckdb.DuckDBPyConnection, table: str, assay: str, sample_ids: Sequence[str], n: int
) -> Floats:
    """Log-CPM as an array: genes in byte order, samples in the order given."""
    chosen = pa.table({"sample_id": list(sample_ids), "place": range(len(sample_ids))})
    con.register("chosen_samples", chosen)
    rows = con.sql(
        f"""
        select e.log2_cpm from {table} as e
        inner join chosen_samples as c on e.sample_id = c.sample_id
        where e.assay = $1
        order by e.gene_id, c.place
        """,
        params=[assay],
    ).to_arrow_table()
    con.unregister("chosen_samples")
    values = rows["log2_cpm"].to_numpy()
    return np.asarray(values.reshape(n, len(sample_ids)))


def _normalise_again(
    con: duckdb.DuckDBPyConnection, analysis: Analysis, ids: pa.Array, sample_ids: Sequence[str]
) -> None:
    """Make the temporary tables own_factors and own_expression by the warehouse's SQL."""
    con.register("kept_genes", pa.table({"gene_id": ids}))
    con.register("own_samples", pa.table({"sample_id": list(sample_ids)}))
    only = "and sample_id in (select sample_id from own_samples)"
    con.execute(
        f"""
        create or replace temp table own_counts as
        select assay, gene_id as feature_id, sample_id, count from fct_gene_expression
        where assay = {literal(analysis.assay)}
        and gene_id in (select gene_id from kept_genes)
        {only if analysis.normalisation_samples == "selected" else ""}
        """
    )
    con.execute(
        f"create or replace temp table own_factors as {rendered('tmm_factors', 'own_counts')}"
    )
    con.execute(
        f"""
        create or replace temp table own_expression as
        select assay, feature_id as gene_id, sample_id, log2_cpm
        from ({rendered("log_cpm", "own_counts", "own_factors")})
        """
    )
    con.unregister("kept_genes")
    con.unregister("own_samples")
