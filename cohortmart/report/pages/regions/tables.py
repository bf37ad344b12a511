"""Tables of regions: the strongest, what the change that follows does, contrasts in numbers."""

from __future__ import annotations

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Column, Table
from cohortmart.report.source import Source

_STRONGEST = """select
    region_id, chromosome, start_position, end_position, n_probes, contrast, gene_names,
    promoter_genes, estimate, se, delta_beta, p_value, adj_p_value, fdr, top_probe_id
from dmr
where analysis = {analysis} and adj_p_value <= 5e-2
order by p_value, region_id, contrast{limit}"""
_REBOUND = """select
    region_id, n_probes, gene_names, study_group, first_contrast, second_contrast, class,
    estimate_first, ci_low_first, ci_high_first, adj_p_first,
    estimate_second, ci_low_second, ci_high_second, adj_p_second, adj_p_rebound, is_found
from rebound_region
where analysis = {analysis}
order by adj_p_rebound, p_second, region_id, first_contrast{limit}"""
_NUMBERS = """select
    s.contrast, s.n_tested, s.n_regions, s.n_by_chance, s.found_below, s.n_found,
    count(case when d.direction = 'hyper' then 1 end) as n_up,
    count(case when d.direction = 'hypo' then 1 end) as n_down, s.note
from dmr_summary as s
left join dmr as d
    on s.analysis = d.analysis and s.contrast = d.contrast and d.adj_p_value <= 5e-2
where s.analysis = {analysis}
group by all
order by s.n_found desc, s.contrast"""


def strongest_table(source: Source, analysis: str, slug: str, unit: str) -> Table:
    """Return the regions found, those with the smallest P first."""
    n = source.detail.top_features
    return Table(
        f"regions-found-{slug}",
        f"Regions: {analysis}",
        f"The {n} with the smallest P." if _n_found(source, analysis) > n else "",
        (
            Column("region_id", "Region"),
            Column("n_probes", "CpGs", "integer"),
            Column("contrast", "Contrast"),
            Column("gene_names", "Genes"),
            Column("promoter_genes", "In the promoter of"),
            Column("estimate", f"Change ({unit})", "number"),
            Column("se", "SE", "number"),
            Column("delta_beta", "Change (beta)", "number"),
            Column("p_value", "P, if named beforehand", "p"),
            Column("adj_p_value", "Family-wise P", "p"),
            Column("fdr", "FDR", "p"),
            Column("top_probe_id", "Strongest CpG"),
        ),
        source.table(_STRONGEST.format(analysis=literal(analysis), limit=f"\nlimit {n}")),
        _STRONGEST.format(analysis=literal(analysis), limit=""),
    )


def _n_found(source: Source, analysis: str) -> int:
    (row,) = source.rows("select sum(n_found) as n from dmr_summary where analysis = ?", [analysis])
    return int(row["n"])


def rebound_table(source: Source, analysis: str, slug: str, unit: str) -> Table | None:
    """Return what regions of the first change of a pair do in the second; None without any."""
    if not source.has_rows("rebound_region"):
        return None
    n = source.detail.top_features
    rows = source.table(_REBOUND.format(analysis=literal(analysis), limit=f"\nlimit {n}"))
    if rows.num_rows == 0:
        return None
    return Table(
        f"regions-rebound-{slug}",
        f"Regions that swing back: {analysis}",
        "Regions of the first change; the second is that of the same CpGs.",
        (
            Column("region_id", "Region"),
            Column("n_probes", "CpGs", "integer"),
            Column("gene_names", "Genes"),
            Column("study_group", "Group"),
            Column("first_contrast", "First change"),
            Column("estimate_first", f"First ({unit})", "number"),
            Column("ci_low_first", "95 % from", "number"),
            Column("ci_high_first", "to", "number"),
            Column("adj_p_first", "Family-wise P", "p"),
            Column("second_contrast", "Second change"),
            Column("estimate_second", f"Second ({unit})", "number"),
            Column("ci_low_second", "95 % from", "number"),
            Column("ci_high_second", "to", "number"),
            Column("adj_p_second", "Family-wise P", "p"),
            Column("adj_p_rebound", "P of both", "p"),
        ),
        rows,
        _REBOUND.format(analysis=literal(analysis), limit=""),
    )


def numbers_table(source: Source, analysis: str, slug: str) -> Table:
    """Return how many regions every contrast has, beside what chance gives."""
    query = _NUMBERS.format(analysis=literal(analysis))
    rows = source.table(query)
    why = (
        (Column("note", "Why nothing can be said"),) if rows["note"].null_count < len(rows) else ()
    )
    return Table(
        f"regions-contrasts-{slug}",
        f"Regions in numbers: {analysis}",
        "",
        (
            Column("contrast", "Contrast"),
            Column("n_tested", "CpGs with neighbours", "integer"),
            Column("n_regions", "Candidates", "integer"),
            Column("n_by_chance", "Candidates by chance", "number"),
            Column("found_below", "Found below P", "p"),
            Column("n_found", "Found", "integer"),
            Column("n_up", "Higher", "integer"),
            Column("n_down", "Lower", "integer"),
            *why,
        ),
        rows,
        query,
    )
