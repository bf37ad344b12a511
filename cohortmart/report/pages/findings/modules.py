"""Modules of the network around the genes that rebound."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Column, Figure, Section, Table, Text
from cohortmart.report.figures.network import laid_out, named_apart, network
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Source

#: Genes, links and names that are drawn at most.
_GENES, _LINKS, _NAMES = 150, 3000, 30

_OF_MODULE = """
    with module as (
        select * from module_gene where analysis = $analysis and pair = $pair
    ),
    link as (
        select e.gene_a, e.gene_b
        from network_edge as e
        inner join module as a on e.gene_a = a.gene_name
        inner join module as b on e.gene_b = b.gene_name
    )
"""
#: Genes of the largest component first; seeds by their links and added genes by their rank take
#: turns, so that both are seen where not all can be drawn.
_DRAWN_GENES = f"""
    {_OF_MODULE},
    degree as (
        select gene_name, count(*) as n_links
        from (select gene_a as gene_name from link union all select gene_b from link) as ends
        group by gene_name
    ),
    placed as (
        select
            m.*, coalesce(d.n_links, 0) as n_own_links,
            row_number() over (
                partition by m.in_largest_component, m.is_seed
                order by m.rank, coalesce(d.n_links, 0) desc, m.gene_name
            ) as turn
        from module as m
        left join degree as d on m.gene_name = d.gene_name
    )
    select
        gene_name as gene, is_seed, rank, n_own_links as n_links, stability, in_largest_component,
        count(*) over () as n_module,
        count(*) filter (where in_largest_component) over () as n_largest
    from placed
    where n_own_links > 0
    order by in_largest_component desc nulls last, turn, is_seed, gene_name
    limit {_GENES}
"""
_DRAWN_LINKS = f"""
    {_OF_MODULE}
    select gene_a, gene_b, count(*) over () as n_links
    from link
    where gene_a in (select unnest($genes)) and gene_b in (select unnest($genes))
    order by gene_a, gene_b
    limit {_LINKS}
"""


def module_sections(source: Source) -> list[Section]:
    """Return a section for each module, and one for what modules share."""
    if not source.has_rows("module_summary"):
        return []
    order = {analysis: i for i, analysis in enumerate(source.analyses)}
    modules = source.rows("select * from module_summary order by analysis, pair")
    modules.sort(key=lambda row: order.get(row["analysis"], len(order)))
    sections = []
    for number, module in enumerate(modules, start=1):
        title = f"Module: {module['analysis']}, {module['pair']}"
        sections.append(Section(title, tuple(module_blocks(source, module, number))))
    if source.has_rows("module_overlap"):
        sections.append(Section("What the modules share", (_overlap(source),)))
    return sections


def module_blocks(source: Source, module: dict[str, Any], number: int) -> list[Block]:
    """Return what a module is in words, its network and its genes.

    Parameters
    ----------
    source : Source
    module : dict
        A row of `module_summary`.
    number : int
        For names of figures and tables.
    """
    blocks = _words(module)
    blocks.extend(_figure(source, module, number))
    blocks.append(_genes(source, module, number))
    return blocks


def _words(module: dict[str, Any]) -> list[Block]:
    """Say what a module is, and whether its seeds lie closer together than chance."""
    said = [
        f"{module['n_seeds_in_network']:,} of {counted(module['n_seeds'], 'gene')} that rebound "
        f"are in the network of {module['n_nodes']:,}; the search (DIAMOnD) added "
        f"{module['n_added']:,}."
    ]
    p = module["p_value"]
    closer = p is not None and p < 0.05
    if p is not None and module["random_mean"] is not None:
        z = "" if module["z"] is None else f"z = {module['z']:.2f}, "
        said.append(
            f"The seeds lie {'closer' if closer else 'no closer'} together than chance has it: "
            f"{module['largest_component']:,} hang together, {module['random_mean']:.1f} of random "
            f"genes with as many links ({z}P = {p:.2g}, {module['n_random_sets']:,} sets)."
        )
    if module["stability"] is not None:
        said.append(
            f"Without a tenth of the seeds {100 * module['stability']:.0f} % of the same genes "
            "are added."
        )
    return [Text(" ".join(said), "finding" if closer else "plain")]


def _figure(source: Source, module: dict[str, Any], number: int) -> list[Figure]:
    key = {"analysis": module["analysis"], "pair": module["pair"]}
    genes = source.rows(_DRAWN_GENES, key)
    links = source.rows(_DRAWN_LINKS, {**key, "genes": [g["gene"] for g in genes]})
    # of a gene whose partners are not drawn there is nothing to see
    ends = {link[end] for link in links for end in ("gene_a", "gene_b")}
    genes = [gene for gene in genes if gene["gene"] in ends]
    if not genes:
        return []
    n_module, n_seeds = genes[0]["n_module"], sum(gene["is_seed"] for gene in genes)
    n_links = links[0]["n_links"]
    left_out = int(module["n_seeds_in_network"] + module["n_added"]) - len(genes)
    some = (
        f"Not drawn: {left_out:,} genes with no or few links to the others. "
        if left_out > 0
        else ""
    )
    fewer = f"{len(links):,} of {n_links:,} links are drawn. " if n_links > len(links) else ""
    figure = Figure(
        name=f"findings-network-{number}",
        title=f"The module of {module['analysis']}, {module['pair']}",
        caption=(f"{some}{fewer}{samples_and_people(source, [module['analysis']])}").strip(),
        alt=(
            f"A network of {len(genes)} genes ({n_seeds} seeds, {len(genes) - n_seeds} added) and "
            f"{len(links):,} links; the largest connected part of the module has "
            f"{genes[0]['n_largest']:,} of its {n_module:,} linked genes."
        ),
        spec=network(),
        data=_drawn(genes, links),
        max_width=760,
    )
    return [figure]


def _drawn(genes: list[dict[str, Any]], links: list[dict[str, Any]]) -> dict[str, pa.Table]:
    """Return places of genes and links, and the names that have room."""
    pairs = [(link["gene_a"], link["gene_b"]) for link in links]
    places = laid_out([gene["gene"] for gene in genes], pairs)
    by_links = sorted(genes, key=lambda g: (-g["n_links"], g["gene"]))
    added = [g["gene"] for g in sorted(genes, key=lambda g: g["rank"]) if not g["is_seed"]]
    seeds = [g["gene"] for g in by_links if g["is_seed"]]
    turns = [g for pair in zip(seeds, added, strict=False) for g in pair]
    wanted = list(dict.fromkeys([*turns, *seeds, *added]))
    named = named_apart(places, wanted, _NAMES)
    ends = [(places[a], places[b]) for a, b in pairs]
    return {
        "genes": pa.table(
            {
                "x": [places[g["gene"]][0] for g in genes],
                "y": [places[g["gene"]][1] for g in genes],
                "gene": [g["gene"] for g in genes],
                "role": ["rebounds (seed)" if g["is_seed"] else "added" for g in genes],
                "rank": pa.array([g["rank"] or None for g in genes], pa.int64()),
                "n_links": pa.array([g["n_links"] for g in genes], pa.int64()),
                "stability": pa.array([g["stability"] for g in genes], pa.float64()),
                "label": pa.array(
                    [g["gene"] if g["gene"] in named else "" for g in genes], pa.string()
                ),
            }
        ),
        "links": pa.table(
            {
                "x": [a[0] for a, _ in ends],
                "y": [a[1] for a, _ in ends],
                "x2": [b[0] for _, b in ends],
                "y2": [b[1] for _, b in ends],
            }
        ),
    }


def _genes(source: Source, module: dict[str, Any], number: int) -> Table:
    query = _GENE_TABLE.format(
        analysis=literal(module["analysis"]), pair=literal(module["pair"])
    ).strip()
    rows = source.table(f"{query}\nlimit {source.detail.top_features}")
    return Table(
        name=f"findings-module-{number}-genes",
        title=f"Genes added to the module of {module['analysis']}, {module['pair']}",
        caption="Those added first and in that order, then the seeds.",
        columns=(
            Column("gene_name", "Gene"),
            Column("role", "Role"),
            Column("rank", "Added as number", "integer"),
            Column("n_module_links", "Links to the module", "integer"),
            Column("n_links", "Links in the network", "integer"),
            Column("log10_p", "log10 P", "number"),
            Column("stability", "Stability", "percent"),
        ),
        rows=rows,
        query=query,
    )


_GENE_TABLE = """
select
    gene_name, case when is_seed then 'seed' else 'added' end as role, nullif(rank, 0) as rank,
    n_module_links, n_links, log10_p, stability
from module_gene
where analysis = {analysis} and pair = {pair}
order by is_seed asc, rank asc, gene_name asc
"""
_OVERLAP = """
select
    first_analysis || ', ' || first_pair as first_module,
    second_analysis || ', ' || second_pair as second_module,
    n_first, n_second, n_both, odds_ratio, p_value
from module_overlap
order by p_value asc nulls last, n_both desc, first_module asc, second_module asc
"""


def _overlap(source: Source) -> Table:
    query = _OVERLAP.strip()
    return Table(
        name="findings-module-overlap",
        title="Genes that two modules share",
        caption="",
        columns=(
            Column("first_module", "First module"),
            Column("second_module", "Second module"),
            Column("n_first", "Genes of the first", "integer"),
            Column("n_second", "Genes of the second", "integer"),
            Column("n_both", "In both", "integer"),
            Column("odds_ratio", "Odds ratio", "number"),
            Column("p_value", "P", "p"),
        ),
        rows=source.table(f"{query}\nlimit {source.detail.top_features}"),
        query=query,
    )
