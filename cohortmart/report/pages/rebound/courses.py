"""Courses over all timepoints of the features that rebound most clearly."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.report.blocks import Figure
from cohortmart.report.feature_values import Measured, axis_title, people_and_means
from cohortmart.report.figures.trajectory import CELL_WIDTH, panel_title, trajectories
from cohortmart.report.pages.rebound.names import named
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
_PEOPLE = """
    select count(*) as samples, count(distinct subject) as people
    from shown_sample
    where sample_id in (select sample_id from design_matrix where analysis = ?)
"""


def courses_figure(source: Source, pair: ReboundPair) -> Figure | None:
    """Return a panel for each of the top features; None where their values are not known."""
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
    courses = titled_courses(source, pair, features)
    if courses is None:
        return None
    return drawn_courses(
        source,
        pair,
        courses,
        f"rebound-courses-{pair.slug}",
        f"The {pair.noun}s that rebound most clearly: {pair.analysis}, {pair.pair}",
        _caption(source, pair),
    )


def drawn_courses(
    source: Source, of: Measured, courses: pa.Table, name: str, title: str, caption: str
) -> Figure:
    """Return titled courses as a figure, a panel a feature."""
    strata = set(courses["stratum"].to_pylist())
    groups = set(courses["study_group"].to_pylist())
    return Figure(
        name,
        title,
        caption,
        course_words(source, courses),
        trajectories(
            source.groups,
            [g for g in source.groups if g in groups],
            source.timepoints,
            axis_title(of),
            source.nouns,
            several_strata=len(strata) > 1,
            with_people="person" in courses["kind"].to_pylist(),
        ),
        {"courses": courses},
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def titled_courses(source: Source, of: Measured, features: list[str]) -> pa.Table | None:
    """Return people's courses and the groups' means with the title of each feature's panel.

    None where the values of the analysis are not in the warehouse, or there are none.
    """
    found = people_and_means(source, of, features)
    if found is None or found.num_rows == 0:
        return None
    rows = named(source, of, found.drop_columns(["subject"]))
    titles = pa.array([panel_title(name) for name in rows["feature"].to_pylist()], pa.string())
    return rows.drop_columns(["feature"]).append_column("feature", titles)


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


def course_words(source: Source, courses: pa.Table) -> str:
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
    shown = [" ".join(name.split()) for name in shown]
    over = f"Courses over the {source.timepoint.many} of {'; '.join(shown)}."
    return f"{over} {shown[0]}: {', '.join(said)}."
