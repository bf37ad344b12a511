"""The study's own lists beside a list: what swings back, and the genes of modules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.listed.sets import Enriched, enriched
from cohortmart.explore.answers.listed.universe import Universe
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.source import Source

_REBOUND = """
    select pair, study_group, class, feature_id from rebound
    where analysis = $analysis and is_found and class is not null
    order by pair, study_group, class, feature_id
"""
_MODULE = """
    select pair, gene_name from module_gene where analysis = $analysis order by pair, gene_name
"""


def in_own_lists(
    explored: Explored,
    of: Analysed,
    against: Universe,
    features: Mapping[str, str],
    genes: Sequence[str],
) -> list[Enriched]:
    """Test what a list shares with the study's own lists of an analysis, the clearest first.

    Parameters
    ----------
    explored : Explored
    of : Analysed
    against : Universe
    features : mapping of str to str
        Of the list, in the universe, with their names.
    genes : sequence of str
        Likewise.
    """

    def made(source: Source) -> dict[tuple[str, str, bool], frozenset[str]]:
        return _lists(source, of.analysis)

    lists = explored.kept(f"own lists {of.analysis}", made)
    names, sizes, shared, drawn, total, said = [], [], [], [], [], []
    for (source, name, of_genes), members in lists.items():
        listed: Collection[str] = genes if of_genes else features
        universe = against.genes if of_genes else against.features
        if of_genes and not universe:
            continue
        both = sorted(members.intersection(listed))
        names.append((source, name))
        sizes.append(len(members if universe is None else members & universe))
        shared.append(len(both))
        drawn.append(len(set(listed)))
        total.append(against.n if universe is None else len(universe))
        said.append(", ".join(sorted(one if of_genes else features[one] for one in both)))
    return enriched(names, sizes, shared, drawn, total, said)


def _lists(source: Source, analysis: str) -> dict[tuple[str, str, bool], frozenset[str]]:
    """Return the members of each list by where it is from, its name, and if they are genes."""
    found: dict[tuple[str, str, bool], set[str]] = {}
    given = {"analysis": analysis}
    if source.is_there("rebound"):
        for row in source.rows(_REBOUND, given):
            group = f"{row['study_group']}, " if row["study_group"] else ""
            key = ("rebound", f"{group}{row['class']} ({row['pair']})", False)
            found.setdefault(key, set()).add(row["feature_id"])
    if source.is_there("module_gene"):
        for row in source.rows(_MODULE, given):
            found.setdefault(("module", str(row["pair"]), True), set()).add(row["gene_name"])
    return {key: frozenset(members) for key, members in found.items()}
