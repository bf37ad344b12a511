"""Courses of the features of the strongest result, found without reading every name."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from cohortmart.core.study.kinds import COUNTS
from cohortmart.explore.answers.addresses import feature_address, gene_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.report.blocks import Figure
from cohortmart.report.feature_values import Measured
from cohortmart.report.pages.overview.features import Analysed, analysed
from cohortmart.report.pages.overview.pictures import COURSES, course_figure
from cohortmart.report.pages.overview.strongest import strongest_contrast, strongest_rebound
from cohortmart.report.pages.rebound.names import gene_names

#: Of every group the clearest, so that few names are read; a feature counts by its best group.
_SWINGS = """
    select feature_id from (
        select feature_id, adj_p_rebound, greatest(p_first, p_second) as p
        from {rebounds}
        where analysis = $analysis and pair = $pair and adj_p_rebound is not null
            and sign(log_fc_first) * sign(log_fc_second) < 0
        order by adj_p_rebound, p, feature_id
        limit $most * $groups
    )
    group by feature_id order by min(adj_p_rebound), min(p), feature_id limit $most
"""
_CHANGES = """
    select feature_id from (
        select feature_id, p_value, log_fc / nullif(se, 0) as t from {results}
        where analysis = $analysis and contrast = $contrast and p_value is not null
            and isfinite(log_fc)
        order by p_value, abs(t) desc nulls last, feature_id limit $most
    )
"""


def strongest_courses(asked: Asked) -> Figure | None:
    """Return the courses of what swings back most clearly, else of what changes most.

    None where there are no values over time. A click on a line leads to its feature.
    """
    if len(asked.timepoints) < 2:
        return None
    swings = analysed(asked, _rebound(asked))
    of = swings or analysed(asked, strongest_contrast(asked, within=True))
    if of is None:
        return None
    features = _swinging(asked, of) if swings else _changing(asked, of)
    what = "swing back" if swings else "change"
    name = of.row["pair"] if swings else of.row["contrast"]
    many = of.kind.many_shown
    figure = course_figure(
        asked,
        of,
        features,
        name="home-courses",
        title=f"{many[0].upper()}{many[1:]} that {what} most clearly",
        about=f"{of.analysis}, {asked.names.words(str(name))}",
    )
    return None if figure is None else leading_on(figure, asked, of, features)


def leading_on(figure: Figure, asked: Asked, of: Measured, features: list[str]) -> Figure:
    """Return courses with the address of the feature of each panel.

    Parameters
    ----------
    figure : Figure
        As of `drawn_courses`: the column `panel` counts the features from 1.
    asked : Asked
    of : Measured
    features : list of str
        Ids.
    """
    courses = figure.data["courses"]
    if not isinstance(courses, pa.Table):
        return figure
    if of.kind.name == COUNTS:
        names = gene_names(asked, of, features)
        addresses = [gene_address(names.get(f, f)) for f in features]
    else:
        addresses = [feature_address(of.assay, f) for f in features]
    column = [addresses[panel - 1] for panel in courses["panel"].to_pylist()]
    table = courses.append_column("address", pa.array(column, pa.string()))
    return replace(figure, data={**figure.data, "courses": table})


def _rebound(asked: Asked) -> dict[str, object] | None:
    """Return the strongest pair of changes; none of one person's where people are numbers."""
    row = strongest_rebound(asked)
    if row is None or not asked.pseudonymised:
        return row
    fewest = asked.value(
        "select min(n_subjects) from dim_contrast where analysis = ? and contrast in (?, ?)",
        [row["analysis"], row["first_contrast"], row["second_contrast"]],
    )
    return row if fewest is not None and fewest > 1 else None


def _swinging(asked: Asked, of: Analysed) -> list[str]:
    given = {
        "analysis": of.analysis,
        "pair": of.row["pair"],
        "most": COURSES,
        "groups": len(asked.groups),
    }
    rows = asked.table(
        _SWINGS.format(rebounds="staging.stg_results__rebounds"),
        given,
        shown=_SWINGS.format(rebounds="rebound"),
    )
    return [str(feature) for feature in rows["feature_id"].to_pylist()]


def _changing(asked: Asked, of: Analysed) -> list[str]:
    given = {"analysis": of.analysis, "contrast": of.row["contrast"], "most": COURSES}
    rows = asked.table(
        _CHANGES.format(results="staging.stg_results__contrast_results"),
        given,
        shown=_CHANGES.format(results="fct_contrast_result"),
    )
    return [str(feature) for feature in rows["feature_id"].to_pylist()]
