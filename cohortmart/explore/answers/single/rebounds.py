"""Rebound of a feature: its class in every pair of contrasts, and whether it is found."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.report.pages.rebound.names import in_list
from cohortmart.report.source import Source

#: Of genes and measures, which are few: a row a feature and pair.
TABLE = "memory.main.rebound_of_genes"
_COLUMNS = (
    "analysis, pair, study_group, group_order, first_contrast, second_contrast, feature_id, class,"
    " is_found"
)
_PLAIN = f"""
    select {_COLUMNS}
    from rebound
    where analysis in {{analyses}} and feature_id in {{features}}
    order by analysis, pair, group_order, feature_id
"""
_OF_FEW = _PLAIN.replace("from rebound", f"from {TABLE}")
#: Those of a pair that is found in any group; to look through all CpGs takes a second.
_OF_CPGS = """
    select f.analysis, f.pair, f.study_group, p.group_order, p.first_contrast, p.second_contrast,
        f.feature_id, f.class, f.is_found
    from intermediate.int_rebound__found as f
    inner join dim_rebound_pair as p
        on p.analysis = f.analysis and p.pair = f.pair
        and p.study_group is not distinct from f.study_group
    where f.analysis in {analyses} and f.feature_id in {features}
    order by f.analysis, f.pair, p.group_order, f.feature_id
"""
_WITH_PAIRS = """
    select distinct p.analysis, a.kind
    from dim_rebound_pair as p
    inner join (select distinct analysis, assay from dim_contrast) as d on d.analysis = p.analysis
    inner join staging.stg_lake__assays as a on a.assay = d.assay
    order by p.analysis
"""


def rebounds_of(
    explored: Explored, asked: Asked, analyses: Sequence[str], features: Sequence[str]
) -> dict[tuple[str, str, str], list[str]]:
    """Return what rebound says, by analysis, contrast of a pair and feature.

    Of CpGs only where the pair is found in any group.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    analyses, features : sequence of str
    """
    kinds = explored.kept("rebound of genes", make_rebounds)
    few = [one for one in analyses if kinds.get(one, "beta") != "beta"]
    many = [one for one in analyses if kinds.get(one) == "beta"]
    rows = []
    for query, names in ((_OF_FEW, few), (_OF_CPGS, many)):
        if names:
            given = {"analyses": in_list(names), "features": in_list(features)}
            shown = _PLAIN.format(**given)
            rows += asked.table(query.format(**given), shown=shown).to_pylist()
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        said = f"{row['class'] or 'no direction'}{', found' if row['is_found'] else ''}"
        for contrast in (row["first_contrast"], row["second_contrast"]):
            texts = found.setdefault((row["analysis"], contrast, row["feature_id"]), [])
            if said not in texts:
                texts.append(said)
    return found


def make_rebounds(source: Source) -> dict[str, str]:
    """Make the table of the rebound of genes; return the kind of each analysis with pairs.

    Parameters
    ----------
    source : Source
    """
    kinds = {row["analysis"]: row["kind"] for row in source.rows(_WITH_PAIRS)}
    few = [name for name, kind in kinds.items() if kind != "beta"]
    source.con.execute(f"create or replace table {TABLE} as select {_COLUMNS} from rebound limit 0")
    for name in few:  # one by one: the names of all CpGs are not looked through
        source.con.execute(
            f"insert into {TABLE} select {_COLUMNS} from rebound "
            f"where analysis = {literal(name)} order by feature_id, group_order"
        )
    return kinds
