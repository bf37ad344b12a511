"""Gene sets in a list: which have more of its genes than their share of the universe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.lists.fisher import fisher_greater
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.study.findings_records import Enrichment
from cohortmart.core.study.rules.findings import GENE_LISTS
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.listed.universe import Universe
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.source import Source

#: Genes of a set in the universe, as `enrichment` presets them; plain lists need one.
_LIMITS = Enrichment()
_SIZES = """
    select collection, gene_set, count(*) as n from bridge_gene_set
    where gene_name in (select unnest($genes::varchar[]))
    group by collection, gene_set order by collection, gene_set
"""
_SHARED = """
    select collection, gene_set, count(*) as n, string_agg(gene_name, ', ' order by gene_name) as g
    from bridge_gene_set
    where list_contains($genes::varchar[], gene_name)
    group by collection, gene_set order by collection, gene_set
"""


@dataclass(frozen=True)
class Enriched:
    """A list of the study, or a gene set, beside the list.

    Parameters
    ----------
    source : str
        Where it comes from: its collection.
    name : str
    n : int
        Of it in the universe.
    shared : int
        Of these in the list.
    expected : float
        Shared by chance.
    p, adj_p : float
        Of so many or more shared; adjusted over all that were tested.
    genes : str
        What is shared.
    """

    source: str
    name: str
    n: int
    shared: int
    expected: float
    p: float
    adj_p: float
    genes: str = ""


def enriched(
    names: Sequence[tuple[str, str]],
    n: Sequence[int],
    shared: Sequence[int],
    n_list: int | Sequence[int],
    n_universe: int | Sequence[int],
    genes: Sequence[str],
) -> list[Enriched]:
    """Test what a list shares with others in a universe, the clearest first.

    Parameters
    ----------
    names : sequence of (str, str)
        Source and name of each.
    n, shared : sequence of int
        How many each has in the universe, and in the list too.
    n_list, n_universe : int or sequence of int
        Of the list in the universe, and of the universe.
    genes : sequence of str
        What is shared.

    Notes
    -----
    One-sided by the hypergeometric distribution; Benjamini & Hochberg (1995) over all of them.
    """
    if not names:
        return []
    sizes, both, drawn, total = np.broadcast_arrays(n, shared, n_list, n_universe)
    p = fisher_greater(both, drawn, sizes, total)
    adjusted = benjamini_hochberg(p)
    rows = [
        Enriched(*name, int(sizes[i]), int(both[i]), float(sizes[i] * drawn[i] / total[i]),
                 float(p[i]), float(adjusted[i]), genes[i])
        for i, name in enumerate(names)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.p, -row.shared, row.source, row.name))


def in_sets(
    explored: Explored, asked: Asked, of: Analysed, against: Universe, genes: Collection[str]
) -> list[Enriched]:
    """Test every gene set of the right size in the universe.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    of : Analysed
    against : Universe
        Its features that are no gene's are not counted.
    genes : collection of str
        Those of the list.
    """
    if not asked.has_rows("bridge_gene_set"):
        return []
    universe = against.genes

    def sized(source: Source) -> dict[tuple[str, str], int]:
        rows = source.rows(_SIZES, {"genes": sorted(universe)})
        return {(r["collection"], r["gene_set"]): r["n"] for r in rows if _is_tested(r)}

    sizes = explored.kept(f"set sizes {of.analysis} {against.name}", sized)
    inside = sorted(universe.intersection(genes))
    if not inside:
        return []
    rows = asked.rows(_SHARED, {"genes": inside})
    shared = {(r["collection"], r["gene_set"]): (r["n"], r["g"]) for r in rows}
    names = list(sizes)
    both = [shared.get(name, (0, "")) for name in names]
    return enriched(
        names, list(sizes.values()), [k for k, _ in both], len(inside), len(universe),
        [text for _, text in both],
    )  # fmt: skip


def _is_tested(row: dict[str, object]) -> bool:
    n = int(str(row["n"]))
    if row["collection"] == GENE_LISTS:
        return n >= 1
    return _LIMITS.minimum_size <= n <= _LIMITS.maximum_size
