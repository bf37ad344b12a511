"""Mentions of a gene: its regions, its pairs with CpGs, the gene sets and modules that it is in."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.explore.answers.addresses import module_address, set_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.single.analyses import Analyses
from cohortmart.explore.answers.single.pairs import pairs_table
from cohortmart.explore.answers.single.regions import gene_regions
from cohortmart.report.blocks import Block, Column, Table

_SETS = """
    select b.collection, b.gene_set, s.n_genes, s.description
    from bridge_gene_set as b
    inner join dim_gene_set as s on s.collection = b.collection and s.gene_set = b.gene_set
    where b.gene_name = $name
    order by b.collection, b.gene_set
"""
_MODULES = """
    select analysis, pair, case when is_seed then 'seed' else 'added' end as part, rank,
        n_links, stability
    from module_gene where gene_name = $name
    order by analysis, pair
"""


def mentions(asked: Asked, known: Analyses, name: str | None) -> Iterator[tuple[str, list[Block]]]:
    """Yield headings with what there is of regions, pairs, sets and modules of a gene.

    Parameters
    ----------
    asked : Asked
    known : Analyses
    name : str or None
        Of the gene; without one it is in none.
    """
    if name is None:
        return
    regions = gene_regions(asked, known, name)
    if regions is not None:
        yield "Regions", [regions]
    pairs = pairs_table(asked, known, f"CpGs that change together with {name}", gene=name)
    if pairs is not None:
        yield "CpGs and expression", [pairs]
    blocks: list[Block] = []
    rows = asked.table(_SETS, {"name": name})
    if rows.num_rows:
        blocks.append(
            Table(
                "sets", f"Gene sets with {name}", "One row per gene set.",
                (Column("collection", "Collection"), Column("gene_set", "Gene set", link="address"),
                 Column("n_genes", "Genes", "integer"), Column("description", "Description")),
                linked(rows, "address", lambda c, s: set_address(s, c), "collection", "gene_set"),
            )
        )  # fmt: skip
    rows = asked.table(_MODULES, {"name": name})
    if rows.num_rows:
        blocks.append(
            Table(
                "modules", f"Modules with {name}",
                "One row per analysis and pair: a seed rebounds itself, the others are linked to "
                "seeds.",
                (Column("analysis", "Analysis"), Column("pair", "Pair", link="address"),
                 Column("part", "Part"),
                 Column("rank", "Rank", "integer"), Column("n_links", "Links", "integer"),
                 Column("stability", "Stability", "percent")),
                linked(rows, "address", module_address, "analysis", "pair"),
            )
        )  # fmt: skip
    if blocks:
        yield "Sets and modules", blocks
