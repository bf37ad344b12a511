"""Regions of CpGs that change together: of a gene, and of a contrast."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.explore.answers.addresses import contrast_address, feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.single.analyses import Analyses
from cohortmart.report.blocks import Column, Table

#: Rows that are shown.
_MOST = 300
_OF_GENE = """
    select r.analysis, r.contrast, r.region_id, r.n_probes,
        case when bool_or(g.region in ('TSS200', 'TSS1500')) then 'promoter'
            else 'elsewhere in the gene' end as part,
        r.estimate, r.delta_beta, r.adj_p_value, r.fdr, r.top_probe_id
    from bridge_probe_gene as g
    inner join bridge_dmr_probe as b on g.probe_id = b.probe_id
    inner join dmr as r
        on b.analysis = r.analysis and b.contrast = r.contrast and b.region_id = r.region_id
    inner join dim_contrast as c on r.analysis = c.analysis and r.contrast = c.contrast
    where g.gene_name = $name and r.adj_p_value <= 5e-2 and c.n_subjects >= $people
    group by r.analysis, r.contrast, r.region_id, r.n_probes, r.estimate, r.delta_beta,
        r.adj_p_value, r.fdr, r.top_probe_id, r.p_value
    order by r.p_value, r.analysis, r.contrast, r.region_id
    limit {most}
"""
_OF_CONTRAST = """
    select r.region_id, r.n_probes, r.gene_names, r.promoter_genes, r.estimate, r.delta_beta,
        r.adj_p_value, r.fdr, r.top_probe_id
    from dmr as r
    where r.analysis = $analysis and r.contrast = $contrast and r.adj_p_value <= 5e-2
    order by r.p_value, r.region_id
    limit {most}
"""
_CHANGE = (
    Column("estimate", "Change", "number"),
    Column("delta_beta", "Delta beta", "number"),
    Column("adj_p_value", "Family-wise P", "p"),
    Column("fdr", "FDR", "p"),
    Column("top_probe_id", "Strongest CpG", link="cpg_address"),
)


def gene_regions(asked: Asked, known: Analyses, name: str) -> Table | None:
    """Return the regions with a CpG of a gene, None where there are none.

    Parameters
    ----------
    asked : Asked
    known : Analyses
    name : str
        Of the gene.
    """
    if not asked.is_there("dmr", "bridge_dmr_probe", "bridge_probe_gene"):
        return None
    people = 2 if asked.pseudonymised else 1  # of a single one nothing is shown to others
    rows = asked.table(_OF_GENE.format(most=_MOST), {"name": name, "people": people})
    if rows.num_rows == 0:
        return None
    assays = {one.analysis: one.assay for one in known.all}
    rows = linked(rows, "address", contrast_address, "analysis", "contrast")
    rows = linked(
        rows,
        "cpg_address",
        lambda analysis, probe: feature_address(assays[analysis], probe),
        "analysis",
        "top_probe_id",
    )
    return Table(
        "regions",
        f"Regions with CpGs of {name}",
        f"Neighbouring CpGs that change together, one row per analysis and contrast.{_first(rows)}",
        (
            Column("region_id", "Region"),
            Column("part", "Part"),
            Column("n_probes", "CpGs", "integer"),
            Column("analysis", "Analysis"),
            Column("contrast", "Contrast", link="address"),
            *_CHANGE,
        ),
        rows,
    )


def contrast_regions(asked: Asked, analysis: str, contrast: str, assay: str) -> Table | None:
    """Return the regions of a contrast, None where there are none.

    Parameters
    ----------
    asked : Asked
    analysis, contrast, assay : str
    """
    if not asked.is_there("dmr"):
        return None
    given = {"analysis": analysis, "contrast": contrast}
    rows = asked.table(_OF_CONTRAST.format(most=_MOST), given)
    if rows.num_rows == 0:
        return None
    rows = linked(rows, "address", lambda names: gene_address(names.split(";")[0]), "gene_names")
    rows = linked(rows, "cpg_address", lambda probe: feature_address(assay, probe), "top_probe_id")
    return Table(
        "regions",
        f"Regions of {contrast}",
        f"Neighbouring CpGs that change together, smallest P first.{_first(rows)}",
        (
            Column("region_id", "Region"),
            Column("gene_names", "Genes", link="address"),
            Column("promoter_genes", "In the promoter of"),
            Column("n_probes", "CpGs", "integer"),
            *_CHANGE,
        ),
        rows,
    )


def _first(rows: pa.Table) -> str:
    return f" The first {_MOST}." if rows.num_rows == _MOST else ""
