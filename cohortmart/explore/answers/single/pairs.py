"""Pairs of a CpG and a gene that change together, of either of them."""

from __future__ import annotations

from cohortmart.explore.answers.addresses import feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.single.analyses import Analyses
from cohortmart.report.blocks import Column, Table

_PAIRS = """
    select d.analysis, d.contrast, d.probe_id, d.gene_name, d.regions, d.direction,
        d.delta_beta, d.expression_log_fc, d.r_within, d.adj_p_within
    from dmp_deg as d
    where d.{column} = $name
    order by d.p_within nulls last, d.analysis, d.contrast, d.probe_id, d.gene_name
    limit {most}
"""
#: Rows that are shown.
_MOST = 300


def pairs_table(
    asked: Asked, known: Analyses, title: str, *, gene: str | None = None, cpg: str | None = None
) -> Table | None:
    """Return the pairs of a gene or of a CpG, None where there are none.

    Parameters
    ----------
    asked : Asked
    known : Analyses
    title : str
    gene, cpg : str
        One of them: the name of the gene, the id of the CpG.
    """
    column = "gene_name" if cpg is None else "probe_id"
    rows = asked.table(_PAIRS.format(column=column, most=_MOST), {"name": gene or cpg})
    if rows.num_rows == 0:
        return None
    assays = {one.analysis: one.assay for one in known.all}
    rows = linked(
        rows,
        "address",
        lambda analysis, probe: feature_address(assays[analysis], probe),
        "analysis",
        "probe_id",
    )
    rows = linked(rows, "gene_address", gene_address, "gene_name")
    other = (
        Column("probe_id", "CpG", link="address")
        if cpg is None
        else Column("gene_name", "Gene", link="gene_address")
    )
    first = f" The first {_MOST}, smallest P first." if rows.num_rows == _MOST else ""
    return Table(
        "pairs",
        title,
        "One row per analysis, contrast and pair; r is that of methylation and expression within "
        f"{asked.subject.many}.{first}",
        (other, Column("regions", "Region"), Column("analysis", "Analysis"),
         Column("contrast", "Contrast"), Column("direction", "Direction"),
         Column("delta_beta", "Delta beta", "number"),
         Column("expression_log_fc", "Change of expression", "number"),
         Column("r_within", "r", "number"), Column("adj_p_within", "Adjusted P of r", "p")),
        rows,
    )  # fmt: skip
