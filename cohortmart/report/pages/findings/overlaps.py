"""Overlaps of lists of found features: rebounds over analyses, contrasts of an analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.core.study.kinds import KINDS
from cohortmart.core.text import capital, counted
from cohortmart.report.blocks import Block, Column, Figure, Section, Table
from cohortmart.report.figures.upset import Overlap
from cohortmart.report.pages.quality.assays import kind_sql
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Source

#: Lists and intersections of a plot.
_LISTS, _INTERSECTIONS = 6, 12

#: Lists of what rebounds, the largest first.
_REBOUND_LISTS = """
    select
        run.assay, s.analysis, s.pair as name, s.study_group, s.n_found,
        count(distinct s.pair) over (partition by run.assay) as n_pairs
    from rebound_summary as s
    inner join analysis_run as run on s.analysis = run.analysis
    where s.n_found > 0
    order by run.assay, s.n_found desc, s.analysis, s.pair, s.study_group
"""
#: Contrasts of an analysis that found something, the largest first.
_CONTRAST_LISTS = """
    select
        run.assay, s.analysis, s.contrast as name, cast(null as varchar) as study_group, s.n_found
    from contrast_summary as s
    inner join analysis_run as run on s.analysis = run.analysis
    where s.analysis = ? and s.n_found > 0
    order by s.n_found desc, s.contrast
"""
_MEMBERS = """
    with list as (
        select
            unnest($analyses) as analysis, unnest($names) as name, unnest($groups) as study_group,
            unnest(range(len($names))) as place
    ),
    found as ({found}),
    member as (
        select feature_id, string_agg(cast(place as varchar), '|' order by place) as members
        from found
        group by feature_id
    )
    select members, count(*) as n
    from member
    group by members
    order by n desc, members asc
"""
_REBOUND_FOUND = """
    select r.feature_id, l.place
    from rebound as r
    inner join list as l
        on r.analysis = l.analysis and r.pair = l.name
        and r.study_group is not distinct from l.study_group
    where r.is_found
"""
_CONTRAST_FOUND = """
    select f.feature_id, l.place
    from (
        select analysis, contrast, gene_id as feature_id from deg
        union all
        select analysis, contrast, probe_id as feature_id from dmp
    ) as f
    inner join list as l on f.analysis = l.analysis and f.contrast = l.name
"""


def overlap_sections(source: Source) -> list[Section]:
    """Return the overlaps of rebounds, of the contrasts of each analysis, and their table."""
    features = _features(source)
    blocks: list[Block] = []
    if source.has_rows("rebound_summary"):
        rows = source.rows(_REBOUND_LISTS)
        for number, assay in enumerate(dict.fromkeys(row["assay"] for row in rows), start=1):
            lists = [row for row in rows if row["assay"] == assay]
            blocks.extend(_of_rebounds(source, lists, features.get(assay, "Features"), number))
    if source.has_rows("contrast_summary"):
        for number, analysis in enumerate(source.analyses, start=1):
            lists = source.rows(_CONTRAST_LISTS, [analysis])
            blocks.extend(_of_contrasts(source, lists, features, number))
    blocks.extend(_pairs(source))
    return [Section("What the lists share", tuple(blocks))] if blocks else []


def _features(source: Source) -> dict[str, str]:
    """Return what each assay measures."""
    if not source.has_rows("qc_sample"):
        return {}
    rows = source.rows(
        f"select q.assay, {kind_sql(source)} as kind from qc_sample as q group by q.assay"
    )
    return {row["assay"]: capital(KINDS[row["kind"]].many_shown) for row in rows}


def _of_rebounds(
    source: Source, lists: Sequence[dict[str, Any]], what: str, number: int
) -> list[Figure]:
    """Return what the lists of one assay that rebound share."""
    for row in lists:
        pair = row["name"] if row["n_pairs"] > 1 else ""
        row["called"] = row["analysis"]
        group = row["study_group"] if source.has_groups else ""
        row["note"] = ", ".join(part for part in (group, pair) if part)
    analyses = list(dict.fromkeys(row["analysis"] for row in lists[:_LISTS]))
    return _upset(
        source,
        lists,
        _REBOUND_FOUND,
        name=f"findings-upset-rebound-{number}",
        title=f"{what} that rebound, by analysis{' and group' if source.has_groups else ''}",
        what=what,
        tail=samples_and_people(source, analyses),
    )


def _of_contrasts(
    source: Source, lists: Sequence[dict[str, Any]], features: dict[str, str], number: int
) -> list[Figure]:
    """Return what the contrasts of an analysis share that found most."""
    for row in lists:
        row["called"], row["note"] = row["name"], ""
    if not lists:
        return []
    analysis, what = lists[0]["analysis"], features.get(lists[0]["assay"], "Features")
    return _upset(
        source,
        lists,
        _CONTRAST_FOUND,
        name=f"findings-upset-contrasts-{number}",
        title=f"{what} found in the contrasts of {analysis}",
        what=what,
        tail=samples_and_people(source, [analysis]),
    )


def _upset(
    source: Source,
    lists: Sequence[dict[str, Any]],
    found: str,
    *,
    name: str,
    title: str,
    what: str,
    tail: str,
) -> list[Figure]:
    """Return the UpSet plot of the largest lists; none for fewer than two."""
    shown = list(lists[:_LISTS])
    if len(shown) < 2:
        return []
    rows = source.rows(
        _MEMBERS.format(found=found),
        {
            "analyses": [row["analysis"] for row in shown],
            "names": [row["name"] for row in shown],
            "groups": [row["study_group"] for row in shown],
        },
    )
    if not rows:
        return []
    drawn = rows[:_INTERSECTIONS]
    members = [[int(place) for place in row["members"].split("|")] for row in drawn]
    overlap = Overlap(
        lists=[row["called"] for row in shown],
        notes=[row["note"] for row in shown],
        sizes=[row["n_found"] for row in shown],
        members=members,
        counts=[row["n"] for row in drawn],
    )
    in_all = next((r["n"] for r in rows if r["members"].count("|") == len(shown) - 1), 0)
    n_all = sum(row["n"] for row in rows)
    return [
        Figure(
            name=name,
            title=title,
            caption=f"{_left_out(len(lists), rows)}{tail}".strip(),
            alt=(
                f"{counted(n_all, 'feature')} in {len(shown)} lists; {in_all:,} are in all of "
                f"them. The largest list, {overlap.full_name(0)}, has {shown[0]['n_found']:,}."
            ),
            spec=overlap.spec(what),
            data=overlap.data(),
            max_width=680,
        )
    ]


def _left_out(n_lists: int, rows: Sequence[dict[str, Any]]) -> str:
    """Say what the picture leaves out."""
    words = f"The {_LISTS} largest of {n_lists:,} lists. " if n_lists > _LISTS else ""
    rest = rows[_INTERSECTIONS:]
    if rest:
        n = sum(row["n"] for row in rest)
        words += f"Not drawn: {counted(len(rest), 'smaller combination')} (together {n:,}). "
    return words


#: People that a contrast rests on: those with a sample that its coefficients name.
_PAIRS = """
with people as (
    select w.analysis, w.contrast, list(distinct s.subject_id) as subjects
    from contrast_weight as w
    inner join design_matrix as d on w.analysis = d.analysis and w.coefficient = d.coefficient
    inner join dim_sample as s on d.sample_id = s.sample_id
    where w.weight <> 0 and d.value <> 0
    group by w.analysis, w.contrast
),

pairs as (
    select
        o.*,
        o.correlated_by_design
        or coalesce(list_has_any(a.subjects, b.subjects), false) as share_people
    from contrast_overlap as o
    left join people as a on o.first_analysis = a.analysis and o.first_contrast = a.contrast
    left join people as b on o.second_analysis = b.analysis and o.second_contrast = b.contrast
    where o.n_first > 0 and o.n_second > 0
)

select
    first_analysis, first_contrast, first_direction, second_analysis, second_contrast,
    second_direction, n_universe, n_first, n_second, n_both, expected, odds_ratio, p_value
from pairs
where {condition}
order by
    p_value asc nulls last, odds_ratio desc nulls last, first_analysis asc, first_contrast asc,
    first_direction asc, second_analysis asc, second_contrast asc, second_direction asc
"""
#: Fisher's test takes two lists as independent by chance. What happens to a person by chance is
#: in both lists where both rest on that person, be it at other timepoints or in other cells.
_APART, _TOGETHER = "not share_people and n_both > expected", "share_people"


def _pairs(source: Source) -> list[Block]:
    """Return the pairs of contrasts of different people that overlap most clearly."""
    needed = ("contrast_overlap", "contrast_weight", "design_matrix", "dim_sample")
    if not (source.is_there(*needed) and source.has_rows("contrast_overlap")):
        return []
    query = _PAIRS.format(condition=_APART).strip()
    rows = source.table(f"{query}\nlimit {source.detail.top_features}")
    if not rows.num_rows:
        return []
    together = _PAIRS.format(condition=_TOGETHER)
    n_together = source.value(f"select count(*) from ({together})")
    n_apart = source.value(f"select count(*) from ({query})")
    table = Table(
        name="findings-overlap",
        title="Contrasts that share more than chance",
        caption=(
            f"{rows.num_rows:,} of {n_apart:,} pairs of lists from different "
            f"{source.subject.many}. Left out: {n_together:,} pairs that share "
            f"{source.subject.many} and so overlap without any effect, and lists in which nothing "
            "is found."
        ),
        columns=_PAIR_COLUMNS,
        rows=rows,
        query=query,
    )
    return [table]


_PAIR_COLUMNS = (
    Column("first_analysis", "First analysis"),
    Column("first_contrast", "First contrast"),
    Column("first_direction", "Direction"),
    Column("second_analysis", "Second analysis"),
    Column("second_contrast", "Second contrast"),
    Column("second_direction", "Direction"),
    Column("n_first", "Found in the first", "integer"),
    Column("n_second", "Found in the second", "integer"),
    Column("n_both", "In both", "integer"),
    Column("expected", "Expected", "number"),
    Column("odds_ratio", "Odds ratio", "number"),
    Column("p_value", "P", "p"),
)
