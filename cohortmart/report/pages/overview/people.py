"""Who was measured: people by timepoint, once for all kinds of measurement."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.text import counted, joined
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.visit_grid import visit_counts, visit_grid
from cohortmart.report.source import Source

#: More people than this are counted, not drawn one by one.
MOST_PEOPLE = 80
#: More kinds of cells than this are drawn as one.
_MOST_STRATA = 6

#: A sample of every kind of measurement, kept or left out.
_MEASURED = """
    select
        q.assay, case when $split then concat_ws(', ', nullif(s.cell_type, ''),
            nullif(s.visit_key, '')) else '' end as stratum,
        s.sample, s.subject, s.study_group, s.timepoint, s.visit_order,
        q.filter_reason is null as is_kept
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
"""
#: complete: all that was measured of this kind of cells in anyone.
_GRID = f"""
    with measured as ({_MEASURED}),
    assays as (
        select stratum, list(distinct assay order by assay) as assays
        from measured group by stratum
    ),
    visits as (
        select stratum, subject, study_group, timepoint, min(visit_order) as visit_order,
            list(distinct assay order by assay) filter (is_kept) as kept,
            list(distinct assay order by assay) filter (not is_kept) as left_out
        from measured group by stratum, subject, study_group, timepoint
    )
    select
        v.stratum as measured, v.subject, v.study_group, v.timepoint, v.visit_order,
        case
            when v.kept is null then 'left out'
            when len(v.kept) = len(a.assays) then 'all' else 'some'
        end as state,
        array_to_string(coalesce(v.kept, []), ', ') as there,
        array_to_string([x for x in a.assays if not list_contains(coalesce(v.kept, []), x)
            and not list_contains(coalesce(v.left_out, []), x)], ', ') as missing,
        array_to_string(coalesce(v.left_out, []), ', ') as left_out
    from visits as v
    inner join assays as a using (stratum)
    order by measured, list_position($groups, v.study_group), length(v.subject), v.subject,
        v.visit_order, v.timepoint
"""
#: Kinds of measurement with the same numbers are one.
_COUNTS = f"""
    with counted as (
        select assay || case when stratum = '' then '' else ', ' || stratum end as measured,
            study_group, timepoint, min(visit_order) as visit_order,
            count(distinct subject) as people, count(*) as samples
        from ({_MEASURED}) group by measured, study_group, timepoint
    ),
    alike as (
        select measured, list(
            (study_group, timepoint, people, samples) order by study_group, timepoint
        ) as numbers
        from counted group by measured
    ),
    named as (
        select min(measured) as measured, string_agg(measured, '; ' order by measured) as names
        from alike group by numbers
    )
    select n.names as measured, c.study_group, c.timepoint, c.visit_order, c.people, c.samples
    from named as n
    inner join counted as c using (measured)
    order by n.names, list_position($groups, c.study_group), c.visit_order, c.timepoint
"""
_STRATA = "select count(distinct (s.cell_type, s.visit_key)) from shown_sample as s"
_ORDER = """
    select subject from shown_sample group by subject
    order by list_position($groups, min(study_group)), length(subject), subject
"""
_ASSAYS = "select distinct assay from qc_sample order by assay"


def people_figure(source: Source) -> Figure | None:
    """Return who gave which sample, or how many did where they are many or may not be shown."""
    if not source.has_rows("qc_sample"):
        return None
    given = {"groups": list(source.groups), "split": source.value(_STRATA) <= _MOST_STRATA}
    n_people = source.value("select count(distinct subject) from shown_sample")
    if n_people > MOST_PEOPLE or source.pseudonymised:
        return _counts(source, source.table(_COUNTS, given))
    return _grid(source, source.table(_GRID, given), n_people)


def _grid(source: Source, grid: pa.Table, n_people: int) -> Figure:
    order = [r["subject"] for r in source.rows(_ORDER, {"groups": list(source.groups)})]
    assays = joined([r["assay"] for r in source.rows(_ASSAYS)])
    states = grid["state"].to_pylist()
    said = f"Measured: {assays}."
    if "some" in states:
        said += " A pale square lacks some of it; point at it."
    if "left out" in states:
        said += " A cross was left out for its quality."
    return Figure(
        "overview-grid",
        "Who gave which sample",
        said,
        f"Grid of {source.subject.counted(n_people)} by {source.timepoint.one}: "
        f"{counted(len(states), 'square')}, {states.count('some')} with some of what was "
        f"measured, {states.count('left out')} left out.",
        visit_grid(source.groups, source.timepoints, order, source.nouns),
        {"grid": grid},
        fit="columns",
        cell_width=270,
    )


def _counts(source: Source, counts: pa.Table) -> Figure:
    people, visit = source.subject.many, source.timepoint.one
    n = counts["samples"].to_pylist()
    return Figure(
        "overview-counts",
        f"{source.subject.title} measured at each {visit}",
        "",
        f"Number of {people} by group and {visit}: {counted(len(n), 'number')}, up to "
        f"{max(counts['people'].to_pylist(), default=0):,}.",
        visit_counts(source.groups, source.timepoints, source.nouns),
        {"counts": counts},
        fit="columns",
        cell_width=270,
    )
