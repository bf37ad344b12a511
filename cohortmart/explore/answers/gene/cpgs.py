"""CpGs of a gene in genomic order: where each lies, why it was left out, where it is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.results import found_cpgs

#: Regions of a promoter, as the pairs of CpG and gene count them.
PROMOTER = frozenset({"TSS200", "TSS1500"})
_CPGS = """
    select b.probe_id, string_agg(distinct b.region, ', ' order by b.region) as region,
        p.chromosome, p.position, p.island, p.filter_reason
    from bridge_probe_gene as b
    inner join dim_probe as p on p.probe_id = b.probe_id
    where b.gene_name = $name
    group by b.probe_id, p.chromosome, p.position, p.island, p.filter_reason
    order by p.chromosome nulls last, p.position nulls last, b.probe_id
"""


@dataclass(frozen=True)
class Cpg:
    """A CpG of a gene.

    Parameters
    ----------
    probe_id : str
    region : str
        Parts of the gene that it lies in: `TSS200, Body`; empty where none is known.
    place : str
        Chromosome and position.
    island : str
    filter_reason : str or None
        Why it was left out.
    found : tuple of (str, str)
        Analyses and contrasts in which it is found.
    """

    probe_id: str
    region: str
    place: str
    island: str
    filter_reason: str | None
    found: tuple[tuple[str, str], ...]

    @property
    def is_promoter(self) -> bool:
        """Whether it lies in the promoter."""
        return bool(PROMOTER & set(self.region.split(", ")))


def cpgs_of(explored: Explored, asked: Asked, name: str | None) -> list[Cpg]:
    """Return the CpGs of a gene in genomic order, those that were left out too.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    name : str or None
        Of the gene; without one it has none.
    """
    rows = asked.rows(_CPGS, {"name": name}) if name is not None else []
    found = found_cpgs(explored, asked, [row["probe_id"] for row in rows]) if rows else {}
    return [
        Cpg(
            row["probe_id"],
            row["region"] or "",
            "" if row["position"] is None else f"{row['chromosome']}:{row['position']:,}",
            row["island"] or "",
            row["filter_reason"],
            tuple(found.get(row["probe_id"], ())),
        )
        for row in rows
    ]


def most_found(cpgs: Sequence[Cpg], analysis: str | None = None) -> list[str]:
    """Return the contrasts of an analysis, or the analyses, that find most of some CpGs.

    Parameters
    ----------
    cpgs : sequence of Cpg
    analysis : str, optional
        If not given, analyses are returned, those that find most first.
    """
    counts = Counter(
        contrast if analysis else name
        for cpg in cpgs
        for name, contrast in cpg.found
        if analysis in (None, name)
    )
    return sorted(counts, key=lambda one: (-counts[one], one))
