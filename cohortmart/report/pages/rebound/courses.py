"""Courses over all timepoints of the features that rebound most clearly."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.trajectory import CELL_WIDTH, trajectories
from cohortmart.report.pages.rebound.names import gene_names, in_list, label
from cohortmart.report.pages.rebound.pairs import ReboundPair
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: The clearest of each group first, so that the sort holds a few rows only.
_TOP = """
    select feature_id
    from (
        select feature_id, adj_p_rebound, greatest(p_first, p_second) as p
        from rebound
        where analysis = $analysis and pair = $pair and class in ('up-down', 'down-up')
            and adj_p_rebound is not null
        order by adj_p_rebound, p, feature_id
        limit $most * $groups
    )
    group by feature_id
    order by min(adj_p_rebound), min(p), feature_id
    limit $most
"""
_STRATUM = (
    """nullif(concat_ws(', ', nullif({table}.cell_type, ''), nullif({table}.visit_key, '')), '')"""
)
_PEOPLE_ROWS = f"""
    select v.{{feature}} as feature_id, 'person' as kind, s.subject, s.study_group,
        {_STRATUM.format(table="s")} as stratum, s.timepoint,
        min(s.visit_order) as visit_order, avg(v.{{value}}) as value,
        cast(null as double) as low, cast(null as double) as high, cast(1 as bigint) as n
    from {{view}} as v
    inner join shown_sample as s on v.sample_id = s.sample_id
    where v.assay = $assay and v.{{feature}} in {{features}} and v.{{value}} is not null
        and v.sample_id in (select sample_id from design_matrix where analysis = $analysis)
    group by all
"""
_MEANS = f"""
    select g.{{feature}} as feature_id, 'mean' as kind, '' as subject, g.study_group,
        {_STRATUM.format(table="g")} as stratum, g.timepoint,
        g.visit_order, g.mean_{{value}} as value, g.ci_low as low, g.ci_high as high,
        cast(g.n_subjects as bigint) as n
    from {{view}} as g
    where g.analysis = $analysis and g.{{feature}} in {{features}}
        and g.mean_{{value}} is not null and g.n_subjects >= {{fewest}}
"""
_PEOPLE = """
    select count(*) as samples, count(distinct subject) as people
    from shown_sample
    where sample_id in (select sample_id from design_matrix where analysis = ?)
"""


def courses_figure(source: Source, pair: ReboundPair) -> Figure | None:
    """Return a panel for each of the top features; None where their values are not known."""
    group_view = pair.kind.groups
    if not source.is_there(group_view, "design_matrix"):
        return None
    top = source.rows(
        _TOP,
        {
            "analysis": pair.analysis,
            "pair": pair.pair,
            "most": source.detail.trajectories,
            "groups": len(pair.members),
        },
    )
    features = [row["feature_id"] for row in top]
    courses = _courses(source, pair, features, group_view) if features else None
    if courses is None or courses.num_rows == 0:
        return None
    strata = set(courses["stratum"].to_pylist())
    groups = set(courses["study_group"].to_pylist())
    unit = pair.kind.axis if pair.kind.name != CONTINUOUS else f"Value ({pair.unit})"
    return Figure(
        f"rebound-courses-{pair.slug}",
        f"The {pair.noun}s that rebound most clearly: {pair.analysis}, {pair.pair}",
        _caption(source, pair),
        _words(source, courses),
        trajectories(
            source.groups,
            [g for g in source.groups if g in groups],
            source.timepoints,
            unit,
            source.nouns,
            several_strata=len(strata) > 1,
        ),
        {"courses": courses},
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def _courses(
    source: Source, pair: ReboundPair, features: list[str], group_view: str
) -> pa.Table | None:
    """Return people's own values, where they may be shown, and the groups' means."""
    feature, value = pair.kind.feature_column, pair.kind.value
    listed = in_list(features)
    params: dict[str, str] = {"analysis": pair.analysis}
    # a mean of one is that person's value
    fewest = 2 if source.pseudonymised else 1
    rows = _MEANS.format(
        feature=feature, value=value, view=group_view, features=listed, fewest=fewest
    )
    if not source.pseudonymised:
        params["assay"] = pair.assay
        view = pair.kind.visits
        own_rows = _PEOPLE_ROWS.format(feature=feature, value=value, view=view, features=listed)
        rows = f"({rows}) union all by name ({own_rows})"
    found = source.table(
        "select *, concat_ws(' | ', kind, subject, study_group, stratum) as line, "
        f"cast(list_position($features, feature_id) as integer) as panel from ({rows}) "
        "order by panel, kind, line, visit_order, timepoint",
        params | {"features": features},
    )
    names = gene_names(source, pair, features)
    shown = [label(i, names.get(i)) for i in found["feature_id"].to_pylist()]
    return found.drop_columns(["feature_id", "subject"]).append_column(
        "feature", pa.array(shown, pa.string())
    )


def _caption(source: Source, pair: ReboundPair) -> str:
    people = source.rows(_PEOPLE, [pair.analysis])[0]
    left_out = (
        f"Courses of single {source.subject.many}, and {source.timepoint.many} with one "
        f"{source.subject.one}{' of a group' if source.has_groups else ''}, are left out. "
        if source.pseudonymised
        else ""
    )
    of_group = " in any group" if len(pair.members) > 1 else ""
    return (
        f"The smallest adjusted P{of_group}, found or not. "
        f"{left_out}{samples_of(source, people['samples'], people['people'])}."
    )


def _words(source: Source, courses: pa.Table) -> str:
    """Say which features are drawn, and how far the means of the first of them go."""
    shown = list(dict.fromkeys(courses["feature"].to_pylist()))
    means: dict[str, list[dict[str, Any]]] = {}
    for row in courses.to_pylist():
        if row["kind"] == "mean" and row["panel"] == 1:
            means.setdefault(row["study_group"], []).append(row)
    said = []
    for group, rows in means.items():
        low, high = (pick(rows, key=lambda row: row["value"]) for pick in (min, max))
        said.append(
            f"{group} between {low['value']:.2f} ({low['timepoint']}) and {high['value']:.2f} "
            f"({high['timepoint']})"
        )
    over = f"Courses over the {source.timepoint.many} of {'; '.join(shown)}."
    return f"{over} {shown[0]}: {', '.join(said)}."
