"""Genes that an analysis could find, those it found, and how it ranks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.fit.sample_design import chosen_design
from analyses.load.counts import feature_matrix
from analyses.stats.counts.filter_by_expr import filter_by_expr
from analyses.stats.gene_sets.camera import z_scores
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.kinds import BETA, COUNTS
from cohortmart.core.study.records import Study
from cohortmart.core.text import did_you_mean
from cohortmart.core.types import Floats, Ints

OF_CONTRAST = ("any", "up", "down")
OF_REBOUND = ("any", "up-down", "down-up")


@dataclass(frozen=True, eq=False)
class FoundGenes:
    """Lists of genes that share a universe: one a direction.

    Parameters
    ----------
    source : str
        "contrast" or "rebound".
    name : str
        Of the contrast; pair and group of the rebound.
    directions : tuple of str
    universe : pyarrow.Array of string, length n_genes
        Genes that could have been found, by name.
    n_features : ndarray of shape (n_genes,), int64
        Tested features (probes, for betas) of each gene.
    shares : ndarray of shape (n_genes, n_directions)
        Sum over the found features of a gene of 1 / number of genes the feature has.
    statistic : ndarray of shape (n_genes,), or None
        z score of the moderated t; None where the genes are not ranked.
    """

    source: str
    name: str
    directions: tuple[str, ...]
    universe: pa.Array
    n_features: Ints
    shares: Floats
    statistic: Floats | None = None


def found_genes(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> Iterator[FoundGenes]:
    """Yield the lists of an analysis: contrasts by name, then pairs of contrasts that rebound.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, with the views of the new results.
    study : Study
    name : str
        Of the analysis.
    """
    analysis = study.analyses[name]
    options = analysis.enrichment
    assert options is not None
    _name_features(con, study, name)
    ranked = study.assays[analysis.assay].kind != BETA
    try:
        for contrast in _contrasts(con, name, options.contrasts):
            yield _of_contrast(con, name, contrast, ranked)
        if options.rebound and analysis.rebound is not None:
            query = """
                select distinct pair, study_group from new_rebound where analysis = $1
                order by pair, study_group nulls first
            """
            for row in _rows(con, query, [name]).to_pylist():
                yield _of_rebound(con, name, row["pair"], row["study_group"])
    finally:
        con.execute("drop table if exists enrichment_feature")


def _rows(con: duckdb.DuckDBPyConnection, query: str, params: list[Any]) -> pa.Table:
    # on `con` itself: temporary tables and views are not seen by its cursors
    return con.sql(query, params=params).to_arrow_table()


def _name_features(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> None:
    """Make the temporary table enrichment_feature: each feature that counts with its genes."""
    expressed = _expressed(con, study, name)
    only = ""
    if expressed is not None:
        con.register("expressed_feature", pa.table({"feature_id": expressed}))
        only = "and feature_id in (from expressed_feature)"
    con.execute(
        f"""
        create or replace temp table enrichment_feature as
        select feature_id, gene_name, count(*) over (partition by feature_id) as n_genes
        from (
            select distinct feature_id, gene_name from feature_gene
            where assay = $1 and gene_name is not null {only}
        )
        """,
        [study.analyses[name].assay],
    )
    if expressed is not None:
        con.unregister("expressed_feature")


def _expressed(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> pa.Array | None:
    """Return the genes expressed in the samples of the analysis; None = all that were tested.

    An analysis with `filter: filter_by_expr` has tested no others.
    """
    analysis = study.analyses[name]
    if study.assays[analysis.assay].kind != COUNTS or analysis.filter == "filter_by_expr":
        return None
    design = chosen_design(con, study, name, analysis).design
    matrix = feature_matrix(con, analysis.assay, design.sample_ids)
    expressed = filter_by_expr(matrix.values, design.expression_groups)
    return matrix.feature_ids.filter(pa.array(expressed))


def _contrasts(con: duckdb.DuckDBPyConnection, name: str, wanted: Sequence[str]) -> list[str]:
    query = "select contrast from new_contrast where analysis = $1 order by contrast"
    names: list[str] = _rows(con, query, [name])["contrast"].to_pylist()
    for contrast in wanted:
        if contrast not in names:
            raise unknown_contrast(f"analysis {name}", contrast, names)
    return [c for c in names if not wanted or c in wanted]


def unknown_contrast(whose: str, contrast: str, names: Sequence[str]) -> AnalysisError:
    """Make the error for a contrast that `enrichment` names and an analysis does not have."""
    return AnalysisError(
        f"`enrichment` names a contrast that {whose} does not have",
        expected=", ".join(names),
        found=contrast,
        hint=did_you_mean(contrast, names) or "correct the name",
    )


def _of_contrast(
    con: duckdb.DuckDBPyConnection, name: str, contrast: str, ranked: bool
) -> FoundGenes:
    tested = _rows(
        con,
        """
        select f.gene_name, count(*) as n_features
        from new_contrast_result as r
        inner join enrichment_feature as f on r.feature_id = f.feature_id
        where r.analysis = $1 and r.contrast = $2 and r.p_value is not null
        group by f.gene_name order by f.gene_name
        """,
        [name, contrast],
    )
    found = _rows(
        con,
        """
        select d.direction, f.gene_name, f.n_genes, count(*) as n
        from new_found as d
        inner join enrichment_feature as f on d.feature_id = f.feature_id
        where d.analysis = $1 and d.contrast = $2
        group by all order by all
        """,
        [name, contrast],
    )
    universe = tested["gene_name"].combine_chunks()
    return FoundGenes(
        source="contrast",
        name=contrast,
        directions=OF_CONTRAST,
        universe=universe,
        n_features=tested["n_features"].to_numpy().astype(np.int64),
        shares=_shares(found, universe, OF_CONTRAST),
        statistic=_statistic(con, name, contrast) if ranked else None,
    )


def _of_rebound(
    con: duckdb.DuckDBPyConnection, name: str, pair: str, group: str | None
) -> FoundGenes:
    # the same group, and none is the same as none
    same = "analysis = $1 and pair = $2 and study_group is not distinct from $3"
    tested = _rows(
        con,
        f"""
        select f.gene_name, count(*) as n_features
        from new_rebound as r
        inner join enrichment_feature as f on r.feature_id = f.feature_id
        where {same} and r.p_first is not null and r.p_second is not null
        group by f.gene_name order by f.gene_name
        """,
        [name, pair, group],
    )
    found = _rows(
        con,
        f"""
        select d.class as direction, f.gene_name, f.n_genes, count(*) as n
        from new_rebound_found as d
        inner join enrichment_feature as f on d.feature_id = f.feature_id
        where {same}
        group by all order by all
        """,
        [name, pair, group],
    )
    universe = tested["gene_name"].combine_chunks()
    return FoundGenes(
        source="rebound",
        name=pair if group is None else f"{pair}, {group}",
        directions=OF_REBOUND,
        universe=universe,
        n_features=tested["n_features"].to_numpy().astype(np.int64),
        shares=_shares(found, universe, OF_REBOUND),
    )


def _shares(found: pa.Table, universe: pa.Array, directions: Sequence[str]) -> Floats:
    """Add up what the found features of each gene count, always in the same order."""
    at = pc.index_in(found["gene_name"], value_set=universe).fill_null(-1).to_numpy()
    each = found["n"].to_numpy() / found["n_genes"].to_numpy()
    direction = np.array(found["direction"].to_pylist(), dtype=object)
    columns = []
    for wanted in directions:
        rows = (at >= 0) & ((direction == wanted) | (wanted == "any"))
        sums = np.bincount(at[rows].astype(np.int64), weights=each[rows], minlength=len(universe))
        columns.append(sums)
    return np.column_stack(columns)


def _statistic(con: duckdb.DuckDBPyConnection, name: str, contrast: str) -> Floats:
    """Rank the genes, by name; of several features of a gene the one with most expression."""
    table = _rows(
        con,
        """
        select distinct on (f.gene_name) r.log_fc, r.se, r.df_total
        from new_contrast_result as r
        inner join enrichment_feature as f on r.feature_id = f.feature_id
        where r.analysis = $1 and r.contrast = $2 and r.p_value is not null
        order by f.gene_name, r.ave_expr desc nulls last, r.feature_id
        """,
        [name, contrast],
    )
    log_fc, se, df = (table[c].to_numpy() for c in ("log_fc", "se", "df_total"))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.nan_to_num(z_scores(log_fc / se, df), nan=0.0, posinf=np.inf, neginf=-np.inf)
    largest = np.abs(z[np.isfinite(z)]).max(initial=0.0)
    return np.clip(z, -largest, largest)  # a variance of 0 makes t infinite
