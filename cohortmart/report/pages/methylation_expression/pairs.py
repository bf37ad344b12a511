"""Tables of the CpGs and genes that change together."""

from __future__ import annotations

from typing import Any

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Column, Table
from cohortmart.report.source import Source

#: Where a CpG lies, for those who read it.
REGION = """case when is_promoter then 'promoter'
        when regions is null then 'unknown region' else 'gene body' end"""
#: Each CpG and gene once, in the contrast in which the weaker of its two changes is clearest.
_BEST = """
select
    gene_name, gene_id, probe_id, coalesce(replace(regions, '|', ', '), 'not known') as region,
    contrast, direction, delta_beta, expression_log_fc, r_within, n_subjects, adj_p_within,
    p_within, n_contrasts
from (
    select
        *,
        count(*) over (partition by probe_id, gene_id) as n_contrasts,
        row_number() over (
            partition by probe_id, gene_id
            order by greatest(methylation_p_value, expression_p_value) asc, contrast asc
        ) as place
    from dmp_deg
    where analysis = {analysis}
) as pairs
where place = 1
order by p_within asc nulls last, gene_name asc, probe_id asc, gene_id asc"""


def counts_table(source: Source, analysis: str, number: int) -> Table:
    """Return how many pairs and changed genes each contrast has, by region and direction."""
    query = _COUNTS.format(analysis=literal(analysis), region=REGION)
    rows = source.table(query)
    wanted = [
        Column("contrast", "Contrast"),
        Column("n_pairs", "Pairs", "integer"),
        Column("n_genes", "Genes of the pairs", "integer"),
        Column("promoter_opposite", "Promoter, opposite", "integer"),
        Column("promoter_same", "Promoter, same", "integer"),
        Column("body_opposite", "Gene body, opposite", "integer"),
        Column("body_same", "Gene body, same", "integer"),
        Column("unknown_opposite", "Unknown region, opposite", "integer"),
        Column("unknown_same", "Unknown region, same", "integer"),
        Column("n_within", "r with adjusted P < 0.05", "integer"),
        Column("n_changed_genes", "Genes with a changed CpG", "integer"),
    ]
    unknown = [name for name in rows.column_names if name.startswith("unknown")]
    empty = {name for name in unknown if not any(rows[name].to_pylist())}
    return Table(
        name=f"methylation-expression-counts-{number}",
        title=f"Pairs by contrast and direction: {analysis}",
        caption="",
        columns=tuple(column for column in wanted if column.name not in empty),
        rows=rows,
        query=query.strip(),
    )


_COUNTS = """
with pairs as (
    select
        *,
        {region} as part,
        (methylation_log_fc > 0) <> (expression_log_fc > 0) as is_opposite
    from dmp_deg
    where analysis = {analysis}
),
changed as (
    select d.contrast, count(distinct b.gene_name) as n_changed_genes
    from dmp as d
    inner join bridge_probe_gene as b on d.probe_id = b.probe_id
    where d.analysis = {analysis}
    group by d.contrast
)
select
    p.contrast,
    count(*) as n_pairs,
    count(distinct p.gene_id) as n_genes,
    count(case when part = 'promoter' and is_opposite then 1 end) as promoter_opposite,
    count(case when part = 'promoter' and not is_opposite then 1 end) as promoter_same,
    count(case when part = 'gene body' and is_opposite then 1 end) as body_opposite,
    count(case when part = 'gene body' and not is_opposite then 1 end) as body_same,
    count(case when part = 'unknown region' and is_opposite then 1 end) as unknown_opposite,
    count(case when part = 'unknown region' and not is_opposite then 1 end) as unknown_same,
    count(case when p.adj_p_within < 5e-2 then 1 end) as n_within,
    any_value(c.n_changed_genes) as n_changed_genes
from pairs as p
left join changed as c on p.contrast = c.contrast
group by p.contrast
order by n_pairs desc, p.contrast asc"""


def pairs_table(source: Source, analysis: str, number: int, n_pairs: int) -> Table:
    """Return the closest pairs of an analysis, of `n_pairs`."""
    query = _BEST.format(analysis=literal(analysis)).strip()
    rows = source.table(f"{query}\nlimit {source.detail.top_features}")
    return Table(
        name=f"methylation-expression-pairs-{number}",
        title=f"The CpG-gene pairs that move together most closely: {analysis}",
        caption=f"{rows.num_rows:,} of {n_pairs:,} pairs, each in its clearest contrast.",
        columns=_pair_columns(source),
        rows=rows,
        query=query,
    )


def _pair_columns(source: Source) -> tuple[Column, ...]:
    return (
        Column("gene_name", "Gene"),
        Column("gene_id", "Gene id"),
        Column("probe_id", "CpG"),
        Column("region", "Region"),
        Column("contrast", "Contrast"),
        Column("direction", "Direction"),
        Column("delta_beta", "Delta beta", "number"),
        Column("expression_log_fc", "Change in expression (log2 CPM)", "number"),
        Column("r_within", f"r within {source.subject.many}", "number"),
        Column("n_subjects", source.subject.title, "integer"),
        Column("adj_p_within", "Adjusted P of r", "p"),
        Column("n_contrasts", "Contrasts", "integer"),
    )


def best_genes(source: Source, analysis: str) -> list[dict[str, Any]]:
    """Return the genes of the closest pairs and the CpG of each, the closest first.

    Parameters
    ----------
    source : Source
    analysis : str
        Of the methylation.

    Returns
    -------
    list of dict
        `gene_id`, `gene_name`, `probe_id`; as many as `detail.trajectories`.
    """
    query = _BEST.format(analysis=literal(analysis))
    return source.rows(
        f"""
        select gene_id, min(gene_name) as gene_name, first(probe_id order by place) as probe_id
        from (
            select *,
                row_number() over (
                    order by p_within asc nulls last, gene_name, probe_id, gene_id
                ) as place
            from ({query}) as best
        ) as pairs
        group by gene_id
        order by min(place)
        limit {source.detail.trajectories}
        """
    )
