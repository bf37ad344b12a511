"""Found CpGs by position: in which contrasts each is found, without a look at the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohortmart.core.warehouse.macros import rendered
from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.results.by_feature import hidden_contrasts, limits_of
from cohortmart.explore.answers.results.positions import POSITIONS, Layout, layouts
from cohortmart.report.source import Source

#: A row a found CpG: number of the analysis, place of the contrast in its file, position.
FOUND = "memory.main.found_position"
#: So many rows at most: 40 MB.
_MOST = 3_000_000
_OF_CPGS = """
    select s.analysis, cast(sum(s.n_found) as bigint) as n
    from contrast_summary as s
    inner join staging.stg_lake__assays as a on a.assay = s.assay
    where a.kind = 'beta' group by s.analysis order by s.analysis
"""
_PLAIN = """
    select analysis, contrast, probe_id as feature_id from dmp
    where list_contains($features, probe_id) order by analysis, contrast, probe_id
"""
_BY_POSITION = f"""
    select f.analysis, f.place, p.feature_id
    from {POSITIONS} as p
    inner join {FOUND} as f on f.layout = p.layout and f.position = p.position
    where p.feature_id in (select unnest($features::varchar[]))
    order by f.analysis, f.place, p.feature_id
"""


def made_ready(explored: Explored) -> tuple[Mapping[str, Layout], list[str] | None]:
    """Make what results by feature need, once of a warehouse: positions and found CpGs."""
    laid = explored.kept("feature positions", layouts)
    return laid, explored.kept("found CpGs", lambda source: make_found(source, laid))


def found_cpgs(
    explored: Explored, asked: Asked, features: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """Return where CpGs are found: analyses and contrasts by CpG; one found nowhere is not there.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    features : sequence of str
        Ids.
    """
    laid, names = made_ready(explored)
    given = {"features": list(features)}
    if names is None:
        hits = [(r["analysis"], r["contrast"], r["feature_id"]) for r in asked.rows(_PLAIN, given)]
    else:
        rows = asked.table(_BY_POSITION, given, shown=_PLAIN).to_pylist()
        named = [(names[row["analysis"]], row["place"], row["feature_id"]) for row in rows]
        hits = [(name, laid[name].contrasts[place], feature) for name, place, feature in named]
    hidden = {name: hidden_contrasts(asked, name) for name in {name for name, _, _ in hits}}
    found: dict[str, list[tuple[str, str]]] = {}
    for name, contrast, feature in hits:
        if contrast not in hidden[name]:
            found.setdefault(feature, []).append((name, contrast))
    return found


def make_found(source: Source, laid: Mapping[str, Layout]) -> list[str] | None:
    """Make the table of found CpGs; return its analyses by number.

    None where it would be too long, or not all analyses have known positions: then `dmp` is asked.

    Parameters
    ----------
    source : Source
    laid : mapping of str to Layout
        As of `layouts`.
    """
    rows = source.rows(_OF_CPGS)
    names = [row["analysis"] for row in rows]
    if not set(names) <= set(laid) or sum(row["n"] or 0 for row in rows) > _MOST:
        return None
    source.con.execute(
        f"create or replace table {FOUND} "
        "(layout tinyint, position integer, analysis tinyint, place smallint)"
    )
    for number, name in enumerate(names):
        one = laid[name]
        met = rendered("is_found", "r", limits_of(source, name))
        source.con.execute(
            f"insert into {FOUND} select {one.number}, r.file_row_number % {one.n}, {number}, "
            f"r.file_row_number // {one.n} "
            f"from read_parquet({literal(one.file)}, file_row_number = true) as r "
            f"where {met}"
        )
    return names
