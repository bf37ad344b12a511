"""Courses of a feature: a panel for each analysis whose samples differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.single.analyses import Analyses
from cohortmart.report.blocks import Figure
from cohortmart.report.feature_values import axis_title, people_and_means
from cohortmart.report.figures.trajectory import panel_title
from cohortmart.report.naming import slug
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.pages.rebound.courses import drawn_courses
from cohortmart.report.sample_numbers import samples_of


def course_figures(
    asked: Asked, known: Analyses, features: Mapping[str, Mapping[str, str]], title: str
) -> list[Figure]:
    """Return a figure for each assay with a panel for each analysis and feature.

    Parameters
    ----------
    asked : Asked
    known : Analyses
    features : mapping of str to mapping
        By assay: what is said of each feature, by its id; a feature's own name is empty.
    title : str
        What the features are of.
    """
    found = []
    for assay, ids in features.items():
        of = known.of_other_samples(known.of_assay(assay))
        drawn = _drawn(asked, known, of, ids, title)
        if drawn is not None:
            found.append(drawn)
    return found


def _drawn(
    asked: Asked, known: Analyses, of: Sequence[Analysed], ids: Mapping[str, str], title: str
) -> Figure | None:
    parts: list[pa.Table] = []
    people: list[str] = []
    for one in of:
        rows = people_and_means(asked, one, list(ids))
        if rows is None or rows.num_rows == 0:
            continue
        shown = [_title(one.analysis, ids[i]) for i in rows["feature_id"].to_pylist()]
        panels = [len(ids) * len(people) + p for p in rows["panel"].to_pylist()]
        rows = rows.drop_columns(["subject", "feature_id", "panel"])
        rows = rows.append_column("panel", pa.array(panels, pa.int32()))
        if len(set(rows["stratum"].to_pylist())) == 1:  # the panel says which cells they are
            place = rows.column_names.index("stratum")
            rows = rows.set_column(place, "stratum", pa.nulls(rows.num_rows, pa.string()))
        parts.append(rows.append_column("feature", pa.array(shown, pa.string())))
        numbers = known.samples.get(one.analysis)
        if numbers is not None:
            said = samples_of(asked, numbers["n_samples"], numbers["n_people"])
            people.append(f"{one.analysis} {said}")
    if not parts:
        return None
    caption = (
        f"Lines are {asked.subject.many}, thick ones"
        if not asked.pseudonymised
        else "Lines are the"
    )
    of_groups = " of groups" if asked.has_groups else ""
    caption += f" means{of_groups} with 95 % intervals; {'; '.join(people)}."
    return drawn_courses(
        asked, of[0], pa.concat_tables(parts), f"course-{slug(of[0].assay)}",
        f"{title} over time: {axis_title(of[0])}", caption,
    )  # fmt: skip


def _title(analysis: str, said: str) -> str:
    return panel_title(f"{analysis}: {said}" if said else analysis)
