"""Pictures of the first page: courses, volcano and heat map of the strongest results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from cohortmart.report.blocks import Beside, Block, Figure
from cohortmart.report.feature_values import axis_title, people_and_means
from cohortmart.report.figures.heat_map import heat_map
from cohortmart.report.pages.overview.features import (
    Analysed,
    analysed,
    of_contrast,
    with_courses,
)
from cohortmart.report.pages.overview.strongest import strongest_contrast
from cohortmart.report.pages.overview.volcano import volcano
from cohortmart.report.pages.rebound.courses import drawn_courses, titled_courses
from cohortmart.report.pages.rebound.names import named, short_labels
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: Features with a course, and rows of the heat map.
COURSES, ROWS = 4, 24
#: More samples than this are drawn as means of their groups.
MOST_SAMPLES = 240


def strongest_pictures(source: Source) -> list[Block]:
    """Return what there is of courses, volcano and heat map."""
    found: list[Block] = []
    courses = courses_figure(source)
    if courses is not None:
        found.append(courses)
    of = analysed(source, strongest_contrast(source))
    if of is None:
        return found
    pair = [f for f in (volcano(source, of), heat_map_figure(source, of)) if f is not None]
    return [*found, *([Beside(tuple(pair))] if len(pair) > 1 else pair)]


def courses_figure(source: Source) -> Figure | None:
    """Return the courses of a few features, None where no values over time are there."""
    chosen = with_courses(source, COURSES)
    if chosen is None:
        return None
    of, features = chosen
    what = "swing back" if "pair" in of.row else "change"
    name = of.row["pair"] if "pair" in of.row else of.row["contrast"]
    return course_figure(
        source,
        of,
        features,
        name="overview-courses",
        title=f"{of.kind.many_shown[0].upper()}{of.kind.many_shown[1:]} that {what} most clearly",
        about=f"{of.analysis}, {source.names.words(name)}",
    )


def course_figure(
    source: Source, of: Analysed, features: list[str], *, name: str, title: str, about: str
) -> Figure | None:
    """Return the course of each feature over time, None where no values over time are there.

    Parameters
    ----------
    source : Source
    of : Analysed
    features : list of str
        Ids, in the order in which they are shown.
    name, title, about : str
        Of the figure; its caption says what it is about and on whom it rests.
    """
    courses = titled_courses(source, of, features)
    if courses is None:
        return None
    caption = f"{about}; {_people(source, of)}."
    return drawn_courses(source, of, courses, name, title, caption)


def heat_map_figure(source: Source, of: Analysed) -> Figure | None:
    """Return the features of a contrast with the smallest P values by person and timepoint."""
    name, many = source.names.words(of.row["contrast"]), of.kind.many_shown
    return drawn_heat_map(
        source,
        of,
        of_contrast(source, of, ROWS),
        name="overview-heat-map",
        titled=lambda n: f"The {n} strongest {many} of {name}",
        about=f"{of.analysis}: smallest P values, those that are higher in {name} above",
    )


def drawn_heat_map(
    source: Source,
    of: Analysed,
    features: Sequence[str],
    *,
    name: str,
    titled: Callable[[int], str],
    about: str,
) -> Figure | None:
    """Return features by person and timepoint, or by group where people are not to be seen.

    Parameters
    ----------
    source : Source
    of : Analysed
    features : sequence of str
        Ids, in the order in which they are shown; None is returned where no values are there.
    name : str
        Of the figure.
    titled : callable
        Takes how many features have values; returns the title as far as "by person and visit".
    about : str
        Caption; on whom it rests is said behind it.
    """
    values = people_and_means(source, of, features)
    if values is None or values.num_rows == 0:
        return None
    kind = values["kind"].to_pylist()
    n_samples = len({line for line, k in zip(_samples(values), kind, strict=True) if k == "person"})
    shown = "person" if 0 < n_samples <= MOST_SAMPLES else "mean"
    cells = named(source, of, values.filter(pa.array([k == shown for k in kind])))
    if cells.num_rows == 0:
        return None
    labels = cells["feature"].to_pylist()
    short = short_labels(labels)
    table = pa.table(
        {
            "feature": pa.array([short[label] for label in labels]),
            "row": pa.array([panel - 1 for panel in cells["panel"].to_pylist()], pa.int64()),
            "sample": pa.array(_samples(cells)),
            "subject": cells["subject"],
            "study_group": cells["study_group"],
            "timepoint": cells["timepoint"],
            "visit_order": cells["visit_order"],
            "value": cells["value"],
        }
    )
    spec, data = heat_map(table, source.groups, source.timepoints, axis_title(of), source.nouns)
    by = source.subject.one if shown == "person" else "group"
    n = len(short)
    return Figure(
        name,
        f"{titled(n)} by {by} and {source.timepoint.one}",
        f"{about}; {_people(source, of)}.",
        f"Heat map of {n} {of.kind.many_shown} in {data['columns'].num_rows} "
        f"{'samples' if shown == 'person' else 'means'} of {of.analysis}.",
        spec,
        data,
        max_width=1000,
    )


def _samples(values: pa.Table) -> list[str]:
    """Return what tells a sample from another: whose it is and when it was taken."""
    return [
        f"{line} | {timepoint}"
        for line, timepoint in zip(
            values["line"].to_pylist(), values["timepoint"].to_pylist(), strict=True
        )
    ]


def _people(source: Source, of: Analysed) -> str:
    people = source.rows(
        "select count(*) as samples, count(distinct subject) as people from shown_sample"
        " where sample_id in (select sample_id from design_matrix where analysis = ?)",
        [of.analysis],
    )[0]
    return samples_of(source, people["samples"], people["people"])
