"""Page of a gene set: where it is enriched, and its genes."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.api.names import no_such
from cohortmart.core.text import counted
from cohortmart.explore.answers.addresses import contrast_address, gene_address, list_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.view import Link, View, Wanted
from cohortmart.report.blocks import Block, Column, Kind, Page, Section, Table, Text

_SETS = """
    select collection, gene_set, description, n_genes from dim_gene_set
    where gene_set = $name order by collection
"""
_GENES = """
    select b.gene_name, string_agg(distinct g.gene_id, ', ' order by g.gene_id) as gene_id,
        max(b.listed_as) as listed_as, count(g.gene_id) > 0 as is_measured
    from bridge_gene_set as b
    left join dim_gene as g on g.gene_name = b.gene_name
    where b.collection = $collection and b.gene_set = $name
    group by b.gene_name order by b.gene_name
"""
_ENRICHMENT = """
    select analysis, source, source_name, case when source = 'contrast' then source_name end
        as contrast, direction, test, n_overlap, n_genes, expected, odds_ratio,
        normalised_score, z, p_value, adj_p_value
    from enrichment
    where collection = $collection and gene_set = $name and p_value is not null
    order by p_value, analysis, source, source_name, test, direction
"""
#: Genes of a set that fit into an address.
_MOST_LISTED = 300
_TESTS = {
    "over_representation": "over-representation", "gsea": "GSEA", "camera": "camera",
}  # fmt: skip


def set_view(explored: Explored, wanted: Wanted) -> View:
    """Return the page of a gene set.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        `name`, and `collection` where several have a set of this name.

    Raises
    ------
    InputError
        There is no such set.
    """
    name = wanted.get("name", "")
    with explored.asked() as asked:
        sets = asked.rows(_SETS, {"name": name})
        if not sets:
            rows = asked.rows("select distinct gene_set from dim_gene_set order by gene_set")
            raise no_such("gene set in this study", [name], [row["gene_set"] for row in rows])
        one = next((s for s in sets if s["collection"] == wanted.get("collection")), sets[0])
        given = {"collection": one["collection"], "name": name}
        genes = asked.table(_GENES, given)
        blocks = _enrichment(asked, name, given)
        sections = [Section("Enrichment", tuple(blocks))]
        if genes.num_rows:
            sections.append(Section("Genes", (_genes(name, genes),)))
        links = []
        if 0 < genes.num_rows <= _MOST_LISTED:
            names = " ".join(genes["gene_name"].to_pylist())
            links.append(Link("Show its genes as a list", list_address(names)))
        description = f"{one['description']}. " if one["description"] else ""
        n = counted(genes.num_rows, "gene")
        return View(
            Page("set", name, f"{description}{n}, collection {one['collection']}.",
                 tuple(sections)),
            links=tuple(links),
            questions=tuple(asked.questions),
        )  # fmt: skip


def _enrichment(asked: Asked, name: str, given: dict[str, str]) -> list[Block]:
    rows = asked.table(_ENRICHMENT, given)
    if rows.num_rows == 0:
        return [Text(f"No analysis asked whether {name} is enriched.")]
    best = rows.slice(0, 1).to_pylist()[0]
    n = sum(p is not None and p < 0.05 for p in rows["adj_p_value"].to_pylist())
    tests = [_TESTS.get(test, test) for test in rows["test"].to_pylist()]
    rows = rows.set_column(rows.column_names.index("test"), "test", pa.array(tests, pa.string()))
    rows = linked(rows, "address", contrast_address, "analysis", "contrast")
    said = (
        f"Adjusted P below 0.05 in {n} of {counted(rows.num_rows, 'test')}; the smallest P is "
        f"that of {best['source_name']} in {best['analysis']} "
        f"({_TESTS.get(best['test'], best['test'])})."
    )
    optional: tuple[tuple[str, str, Kind], ...] = (
        ("n_overlap", "Found", "integer"), ("expected", "Expected", "number"),
        ("odds_ratio", "Odds ratio", "number"), ("normalised_score", "NES", "number"),
        ("z", "z", "number"),
    )  # fmt: skip
    table = Table(
        "enrichment",
        f"Enrichment of {name}",
        "One row per analysis, contrast or rebound, test and direction, smallest P first; "
        "adjusted over the sets of a collection.",
        (Column("analysis", "Analysis"), Column("source_name", "Contrast", link="address"),
         Column("direction", "Direction"), Column("test", "Test"),
         *(Column(c, label, kind) for c, label, kind in optional
           if rows[c].null_count < rows.num_rows),
         Column("p_value", "P", "p"), Column("adj_p_value", "Adjusted P", "p")),
        rows,
    )  # fmt: skip
    return [Text(said, "finding"), table]


def _genes(name: str, genes: pa.Table) -> Table:
    measured = ["yes" if m else "" for m in genes["is_measured"].to_pylist()]
    rows = genes.append_column("measured", pa.array(measured, pa.string()))
    rows = linked(
        rows, "address", lambda gene, m: gene_address(gene) if m else None, "gene_name",
        "is_measured",
    )  # fmt: skip
    return Table(
        "genes",
        f"Genes of {name}",
        "One row per gene.",
        (Column("gene_name", "Gene", link="address"), Column("gene_id", "Id"),
         Column("listed_as", "Listed as"), Column("measured", "Counted")),
        rows,
    )  # fmt: skip
