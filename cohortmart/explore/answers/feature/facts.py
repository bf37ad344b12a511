"""Facts of a feature: its genes, its place, its neighbours, why it was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cohortmart.core.study.kinds import BETA, COUNTS, Kind
from cohortmart.explore.answers.addresses import feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.view import Link
from cohortmart.report.blocks import Text

_CPG = """
    select chromosome, position, genome_build, strand, design_type, island, filter_reason
    from dim_probe where probe_id = $id
"""
_GENES = """
    select gene_name, string_agg(distinct region, ', ' order by region) as region
    from bridge_probe_gene where probe_id = $id and gene_name is not null
    group by gene_name order by gene_name
"""
#: The CpG before and after by position, then id.
_NEIGHBOUR = """
    select probe_id, position from dim_probe
    where chromosome = $chromosome and (position, probe_id) {sign} ($position, $id)
    order by position {order}, probe_id {order} limit 1
"""
_MEASURE = """
    select measure_name, gene_name, uniprot, unit, transform, transformed_unit from dim_measure
    where assay = $assay and feature_id = $id
"""
_GENE = "select gene_name from dim_gene where gene_id = $id"


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a feature besides its values.

    Parameters
    ----------
    title, lead : str
    links : tuple of Link
        Its genes and neighbours.
    texts : tuple of Text
        What has to be said first.
    """

    title: str
    lead: str
    links: tuple[Link, ...] = ()
    texts: tuple[Text, ...] = ()


def facts_of(asked: Asked, kind: Kind, assay: str, feature: str) -> Facts:
    """Return what is known of a feature.

    Parameters
    ----------
    asked : Asked
    kind : Kind
        Of the assay.
    assay, feature : str
        A feature that is there.
    """
    if kind.name == BETA:
        return _of_cpg(asked, assay, feature)
    if kind.name == COUNTS:
        name = asked.value(_GENE, {"id": feature})
        link = Link(f"Gene {name or feature}", gene_address(feature))
        return Facts(feature, f"{name or 'A gene'} in {assay}.", (link,))
    row = next(iter(asked.rows(_MEASURE, {"assay": assay, "id": feature})), {})
    name, gene = row.get("measure_name") or feature, row.get("gene_name")
    said = [f"{feature} in {assay}" if name != feature else f"Measured in {assay}"]
    said += [f"UniProt {row['uniprot']}"] if row.get("uniprot") else []
    said += [f"in {row['transformed_unit']}"] if row.get("transformed_unit") else []
    return Facts(
        name,
        f"{', '.join(said)}.",
        (Link(f"Gene {gene}", gene_address(gene)),) if gene else (),
    )


def _of_cpg(asked: Asked, assay: str, probe: str) -> Facts:
    row: dict[str, Any] = next(iter(asked.rows(_CPG, {"id": probe})), {})
    genes = asked.rows(_GENES, {"id": probe})
    said = [f"CpG of {assay}"]
    links = [
        Link(f"Gene {g['gene_name']}{' (' + g['region'] + ')' if g['region'] else ''}",
             gene_address(g["gene_name"])) for g in genes
    ]  # fmt: skip
    if row.get("position") is not None and row["chromosome"] is not None:
        build = f" ({row['genome_build']})" if row["genome_build"] else ""
        said.append(f"chromosome {row['chromosome']}, position {row['position']:,}{build}")
        links += _neighbours(asked, assay, probe, row)
    if row.get("island"):
        said.append(row["island"])
    said.append(
        "in " + ", ".join(f"{g['gene_name']} ({g['region'] or 'region not known'})" for g in genes)
        if genes
        else "in no known gene"
    )
    texts: tuple[Text, ...] = ()
    if row.get("filter_reason"):
        texts = (Text(f"Left out of the analyses: {row['filter_reason']}.", "warning"),)
    return Facts(probe, f"{'; '.join(said)}.", tuple(links), texts)


def _neighbours(asked: Asked, assay: str, probe: str, row: dict[str, Any]) -> list[Link]:
    """Return links to the CpG before and the one after on the chromosome."""
    given = {"chromosome": row["chromosome"], "position": row["position"], "id": probe}
    found = []
    for word, sign, order in (("Previous", "<", "desc"), ("Next", ">", "asc")):
        for other in asked.rows(_NEIGHBOUR.format(sign=sign, order=order), given):
            away = abs(other["position"] - row["position"])
            found.append(
                Link(
                    f"{word} CpG: {other['probe_id']}, {away:,} bases away",
                    feature_address(assay, other["probe_id"]),
                )
            )
    return found
