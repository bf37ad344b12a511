"""Page of overview: what was measured, what stands out, and what to beware of."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.text import capital, counted
from cohortmart.core.warehouse.quoting import literals
from cohortmart.report.blocks import Block, Column, Figure, Page, Section, Table, Text
from cohortmart.report.figures.visit_grid import visit_counts, visit_grid
from cohortmart.report.pages.overview.cautions import cautions
from cohortmart.report.pages.overview.strongest import strongest_findings
from cohortmart.report.source import Source

#: More people than this are counted, not drawn one by one.
MOST_PEOPLE = 80

_MEASURED = """
    select
        q.assay || coalesce(', ' || s.cell_type, '') || case when s.visit_key = '' then ''
            else ', ' || s.visit_key end as measured,
        s.sample, s.subject, s.study_group, s.timepoint, s.visit_order,
        q.filter_reason is null as is_kept
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
"""
_GRID = f"""
    select measured, subject, study_group, timepoint, min(visit_order) as visit_order,
        case when bool_or(is_kept) then 'measured' else 'left out' end as state
    from ({_MEASURED})
    group by measured, subject, study_group, timepoint
    order by measured, list_position($groups, study_group), length(subject), subject, visit_order
"""
_COUNTS = f"""
    select measured, study_group, timepoint, min(visit_order) as visit_order,
        count(distinct subject) as people, count(*) as samples
    from ({_MEASURED})
    group by measured, study_group, timepoint
    order by measured, list_position($groups, study_group), visit_order
"""
_SIZE = """
    select count(distinct subject) as people, count(*) as samples,
        count(distinct timepoint) as timepoints from shown_sample
"""


def overview_page(source: Source) -> Page:
    """Return the page that says the whole in a minute."""
    size = source.rows(_SIZE)[0]
    lead = (
        f"{source.subject.counted(size['people'])}, "
        f"{source.timepoint.counted(size['timepoints'])}, "
        f"{counted(size['samples'], 'sample')}; what was measured, what stands out, and what to "
        "beware of."
    )
    return Page(
        "overview",
        "At a glance",
        lead,
        (
            Section("What stands out", _findings(source)),
            *_warnings(source),
            *_measured(source),
        ),
    )


def _findings(source: Source) -> tuple[Block, ...]:
    found = strongest_findings(source)
    if not found:
        what = (
            "Nothing passes the thresholds of study.yml" if source.analyses else "No analysis ran"
        )
        return (Text(f"{what}."),)
    how = (
        "The strongest finding of each kind, three at most, in this order: rebound, change over "
        "time, difference between groups, CpG-gene pairs, gene sets. The other pages show all."
    )
    return (*(Text(source.names.words(f), "finding") for f in found), Text(how))


def _warnings(source: Source) -> tuple[Section, ...]:
    said = [Text(source.names.words(c), "warning") for c in cautions(source)]
    return (Section("What to beware of", tuple(said)),) if said else ()


def _measured(source: Source) -> tuple[Section, ...]:
    if not source.has_rows("qc_sample"):
        return ()
    groups = {"groups": list(source.groups)}
    counts = source.table(_COUNTS, groups)
    blocks: list[Block] = [_counts_figure(source, counts)]
    n_people = source.value("select count(distinct subject) from shown_sample")
    if n_people <= MOST_PEOPLE and not source.pseudonymised:
        blocks.insert(0, _grid_figure(source, n_people))
    blocks.append(
        Table(
            "overview-samples",
            f"{source.subject.title} and samples by {source.timepoint.one}",
            f"A row is a kind of measurement, a group and {source.timepoint.a}.",
            (
                Column("measured", "Measured"),
                Column("study_group", "Group"),
                Column("timepoint", capital(source.timepoint.one)),
                Column("people", source.subject.title, "integer"),
                Column("samples", "Samples", "integer"),
            ),
            counts,
            _COUNTS_SQL.format(groups=literals(source.groups)),
        )
    )
    return (Section("What was measured", tuple(blocks)),)


#: The same counts for an analyst, without the report's own table.
_COUNTS_SQL = """select q.assay, s.cell_type, s.visit_key, s.study_group, s.timepoint,
    count(distinct s.subject_id) as people, count(*) as samples
from qc_sample as q
inner join dim_sample as s using (sample_id)
group by q.assay, s.cell_type, s.visit_key, s.study_group, s.timepoint, s.visit_order
order by q.assay, s.cell_type, s.visit_key, list_position({groups}, s.study_group),
    s.visit_order"""


def _counts_figure(source: Source, counts: pa.Table) -> Figure:
    total = source.rows(
        f"select count(*) as samples, count(distinct subject) as people from ({_MEASURED})"
    )[0]
    measured = (
        f"{counted(total['samples'], 'measurement')} of {source.subject.counted(total['people'])}"
    )
    people, visit = source.subject.many, source.timepoint.one
    return Figure(
        "overview-counts",
        f"{source.subject.title} measured at each {visit}",
        f"How many {people} of each group gave a sample at each {visit}, by kind of measurement. "
        f"{measured}.",
        f"Number of {people} by group and {visit}. {measured}.",
        visit_counts(source.groups, source.timepoints, source.nouns),
        {"counts": counts},
        fit="columns",
        cell_width=270,
    )


def _groups_words(source: Source) -> str:
    if len(source.groups) < 2:
        return ""
    return f"Groups from top to bottom: {', '.join(source.groups)}. "


def _grid_figure(source: Source, n_people: int) -> Figure:
    grid = source.table(_GRID, {"groups": list(source.groups)})
    order = [
        row["subject"]
        for row in source.rows(
            "select subject from shown_sample group by subject order by "
            "list_position($groups, min(study_group)), length(subject), subject",
            {"groups": list(source.groups)},
        )
    ]
    visit = source.timepoint.a
    missing = source.value(f"select count(*) from ({_MEASURED}) where not is_kept")
    return Figure(
        "overview-grid",
        "Who gave which sample",
        f"A row is {source.subject.a}, a column {visit}; a filled square is a sample that was "
        f"measured, a cross one that was left out for its quality, an empty place {visit} without "
        f"this measurement. {_groups_words(source)}"
        f"{counted(grid.num_rows, 'measurement')} of {source.subject.counted(n_people)}.",
        f"Grid of {source.subject.counted(n_people)} by {source.timepoint.one}, "
        f"{counted(grid.num_rows, 'square')}, {counted(missing, 'sample')} left out.",
        visit_grid(source.groups, source.timepoints, order, source.nouns),
        {"grid": grid},
        fit="columns",
        cell_width=270,
    )
