"""CpG-gene pairs that change together, and how they move together within each person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.fingerprints import GENE_NAMES, OfResults
from analyses.load.streamed import KeptBetas
from analyses.methylation_expression.paired_values import SharedVisits, expression_of, shared_visits
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.repeated_measures import (
    RepeatedMeasuresCorrelation,
    repeated_measures_correlation,
)
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.types import Ints

#: Pairs correlated at a time.
_BLOCK = 20_000

# Both changes of the same contrast, with their numbers. Materialised: else DuckDB may first join
# every probe of a contrast with every gene of it.
_LINKED = """
create or replace temp table linked as
with

found as materialized (
    select
        r.analysis, r.contrast, r.feature_id, r.log_fc, r.delta_beta, r.p_value, r.adj_p_value
    from new_contrast_result as r
    inner join new_found as f
        on r.analysis = f.analysis and r.contrast = f.contrast and r.feature_id = f.feature_id
    where r.analysis in ($1, $2)
),

found_probe as materialized (
    select found.*, b.gene_name
    from found
    inner join (select distinct probe_id, gene_name from bridge_probe_gene) as b
        on found.feature_id = b.probe_id
    where found.analysis = $1
),

found_gene as materialized (
    select found.*, g.gene_name
    from found
    inner join dim_gene as g on found.feature_id = g.gene_id
    where found.analysis = $2
)

select
    m.contrast,
    m.feature_id as probe_id,
    m.gene_name,
    e.feature_id as gene_id,
    m.log_fc as methylation_log_fc,
    m.delta_beta,
    m.p_value as methylation_p_value,
    m.adj_p_value as methylation_adj_p_value,
    e.log_fc as expression_log_fc,
    e.p_value as expression_p_value,
    e.adj_p_value as expression_adj_p_value
from found_probe as m
inner join found_gene as e
    on m.contrast = e.contrast and m.gene_name = e.gene_name
"""

# Each pair once, whatever the number of its contrasts; counted from 0 in the order of the names.
_PAIRS = """
create or replace temp table linked_pair as
with

pairs as (select distinct probe_id, gene_id, gene_name from linked)

select
    pairs.probe_id,
    pairs.gene_id,
    row_number() over (order by pairs.probe_id, pairs.gene_id) - 1 as pair,
    string_agg(distinct b.region, '|' order by b.region) as regions,
    coalesce(bool_or(b.region in ('TSS200', 'TSS1500')), false) as is_promoter
from pairs
inner join bridge_probe_gene as b
    on pairs.probe_id = b.probe_id and pairs.gene_name = b.gene_name
group by pairs.probe_id, pairs.gene_id
"""

_ROWS = """
select linked.*, linked_pair.regions, linked_pair.is_promoter, linked_pair.pair
from linked
inner join linked_pair
    on linked.probe_id = linked_pair.probe_id and linked.gene_id = linked_pair.gene_id
where linked.contrast = $1
order by linked_pair.pair
"""


def dmp_deg_tables(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> Iterator[pa.Table]:
    """Yield the CpG-gene pairs of an analysis of methylation, one table a contrast.

    A pair is a probe that `name` finds and a gene of it that the analysis of expression finds in
    the contrast of the same name. Its correlation within persons, of M-value and log2 CPM, is
    over the visits that both analyses have a sample of: over all their cell types, if they have
    several.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse with the views of `analyses.load.pending_results`.
    study : Study
    name : str
        Of an analysis with `dmp_deg`.

    Yields
    ------
    pyarrow.Table
        Rows of `dmp_deg`, contrasts and rows by name; nothing where there is no pair.

    Raises
    ------
    AnalysisError
        The two analyses share no contrast or no visit, or one of them chooses no sample.
    """
    analysis = study.analyses[name]
    assert analysis.dmp_deg is not None
    other = analysis.dmp_deg.expression
    _refuse_no_common_contrast(con, name, other)
    visits = shared_visits(con, study, name, other)
    try:
        con.execute(_LINKED, [name, other])
        con.execute(_PAIRS)
        within = _within(con, study, name, visits)
        contrasts = con.sql("select distinct contrast from linked order by contrast").fetchall()
        for (contrast,) in contrasts:
            rows = con.sql(_ROWS, params=[contrast]).to_arrow_table()
            yield _table(name, other, rows, within)
    finally:
        for table in ("linked", "linked_pair"):
            con.execute(f"drop table if exists temp.{table}")


def _refuse_no_common_contrast(con: duckdb.DuckDBPyConnection, name: str, other: str) -> None:
    """Raise if no contrast of the two analyses has the same name."""
    own, theirs = (
        {
            contrast
            for (contrast,) in con.sql(
                "select contrast from new_contrast where analysis = $1", params=[analysis]
            ).fetchall()
        }
        for analysis in (name, other)
    )
    if not own & theirs:
        raise AnalysisError(
            f"analysis {name}: `dmp_deg` names {other}, which has no contrast of the same name",
            expected="contrasts that both analyses call the same: " + ", ".join(sorted(own)),
            found=", ".join(sorted(theirs)),
            hint="give the contrasts of both analyses the same names",
        )


def _within(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, visits: SharedVisits
) -> RepeatedMeasuresCorrelation:
    """Correlate every pair, in the order of `linked_pair`, while the betas stream by."""
    analysis = study.analyses[name]
    assert analysis.dmp_deg is not None
    pairs = con.sql("select probe_id, gene_id from linked_pair order by pair").to_arrow_table()
    probes, probe = _coded(pairs["probe_id"])
    genes, gene = _coded(pairs["gene_id"])
    n = pairs.num_rows
    out = RepeatedMeasuresCorrelation(
        *(np.full(n, np.nan) for _ in range(3)), *np.zeros((2, n), np.int64)
    )
    if n == 0:
        return out
    expression = expression_of(
        con, study.analyses[analysis.dmp_deg.expression].assay, genes, visits
    )
    clip = study.assays[analysis.assay].m_value_clip
    for ids, beta in KeptBetas(con, analysis.assay, visits.methylation).blocks():
        at = pc.index_in(ids, value_set=probes).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(~np.isnan(at))
        if not len(rows):
            continue
        at = at[rows].astype(np.int64)
        # probes and pairs ascend as the betas do: those of a block lie side by side
        values = np.full((at[-1] - at[0] + 1, beta.shape[1]), np.nan)
        values[at - at[0]] = m_value(beta[rows], clip)
        first, last = np.searchsorted(probe, [at[0], at[-1] + 1])
        for start in range(first, last, _BLOCK):
            chosen = slice(start, min(start + _BLOCK, last))
            found = repeated_measures_correlation(
                values[probe[chosen] - at[0]], expression[gene[chosen]], visits.subjects
            )
            for field in ("r", "df", "p_value", "n_visits", "n_subjects"):
                getattr(out, field)[chosen] = getattr(found, field)
    return out


def _coded(names: pa.ChunkedArray) -> tuple[pa.Array, Ints]:
    """Return the names once each, ascending byte by byte, and which of them each is."""
    once = pc.unique(names)
    once = once.take(pc.sort_indices(once))
    return once, pc.index_in(names, value_set=once).to_numpy().astype(np.int64)


def _table(name: str, other: str, rows: pa.Table, within: RepeatedMeasuresCorrelation) -> pa.Table:
    """Join the rows of a contrast with the correlations of their pairs; NaN becomes null."""
    pair = rows["pair"].to_numpy()
    p_value = within.p_value[pair]
    numbers = {
        "n_visits": within.n_visits[pair],
        "n_subjects": within.n_subjects[pair],
        "r_within": within.r[pair],
        "df_within": within.df[pair],
        "p_within": p_value,
        "adj_p_within": benjamini_hochberg(p_value),
    }
    labels = {"analysis": name, "expression_analysis": other}
    given = {column: rows[column] for column in rows.column_names if column != "pair"}
    return table_of("dmp_deg", {**labels, **given, **numbers})


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].dmp_deg
    return None if wanted is None else wanted.model_dump(mode="json")


def _both(study: Study, name: str) -> tuple[str, ...]:
    """Name the analyses of expression and of methylation."""
    wanted = study.analyses[name].dmp_deg
    assert wanted is not None
    return (wanted.expression, name)


LINKS = Step(
    name="links",
    title="CpG-gene pairs",
    tables=("dmp_deg",),
    options=_options,
    inputs=OfResults("links", _both, lake=GENE_NAMES),
    make=lambda run: Made({"dmp_deg": dmp_deg_tables(run.with_results, run.study, run.name)}),
    needs=_both,
)
