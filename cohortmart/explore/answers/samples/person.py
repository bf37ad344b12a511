"""Person page: someone's samples by visit and assay, and their measures over time."""

from __future__ import annotations

from dataclasses import replace

from cohortmart.core.text import Noun, capital, counted
from cohortmart.explore.answers.addresses import address, sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.samples.named import named_person, not_shown
from cohortmart.explore.answers.samples.own_courses import own_courses
from cohortmart.explore.answers.samples.sheet import sheet_table
from cohortmart.explore.answers.view import Link, View, Wanted
from cohortmart.report.blocks import Column, Figure, Page, Section, Table
from cohortmart.report.figures.visit_grid import visit_grid

#: A square for each assay, kind of cells and timepoint; the drawing knows them as its rows.
_GRID = """
    select $one as measured, concat_ws(', ', q.assay, s.cell_type, nullif(s.visit_key, ''))
            as subject,
        s.study_group, s.timepoint, min(s.visit_order) as visit_order,
        if(bool_or(q.filter_reason is null), 'all', 'left out') as state,
        string_agg(s.sample, ', ' order by s.sample) filter (q.filter_reason is null) as there,
        null::varchar as missing,
        string_agg(s.sample, ', ' order by s.sample) filter (q.filter_reason is not null)
            as left_out,
        min(s.sample) as sample
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
    where s.subject_id = $subject_id
    group by all
    order by subject, visit_order, s.study_group
"""
_SAMPLES = """
    select s.sample, s.timepoint, s.cell_type, s.study_group, nullif(s.visit_key, '') as visit_key,
        string_agg(q.assay, ', ' order by q.assay) filter (q.filter_reason is null) as measured,
        string_agg(q.assay, ', ' order by q.assay) filter (q.filter_reason is not null) as left_out
    from shown_sample as s
    left join {qc} as q using (sample_id)
    where s.subject_id = $subject_id
    group by s.sample, s.timepoint, s.visit_order, s.cell_type, s.study_group, s.visit_key
    order by s.visit_order, s.cell_type nulls last, s.visit_key, length(s.sample), s.sample
"""
_NO_QC = """(
    select null::varchar as sample_id, null::varchar as assay, null::varchar as filter_reason
)"""
_SUBJECT = """
    select any_value(study_group) as study_group, count(distinct timepoint) as n_visits,
        count(*) as n_samples, count(distinct study_group) as n_groups
    from dim_sample where subject_id = $subject_id
"""
_COLUMNS = (
    Column("sample", "Sample", link="address"),
    Column("timepoint", "{timepoint}"),
    Column("cell_type", "Cell type"),
    Column("visit_key", "Visit key"),
    Column("study_group", "Group"),
    Column("measured", "Measured"),
    Column("left_out", "Left out"),
)


def person_view(explored: Explored, wanted: Wanted) -> View:
    """Return what there is of one person.

    Raises
    ------
    InputError
        There is no such person.
    """
    with explored.asked() as asked:
        name = wanted.get("name", "")
        subject_id = named_person(asked, name)
        if asked.pseudonymised:
            return not_shown(asked, "person", name)
        grid = _grid(asked, subject_id, name)
        courses = own_courses(asked, subject_id)
        sections = [
            Section("Samples", (*([grid] if grid else []), _table(asked, subject_id))),
            *([Section("Over time", tuple(courses))] if courses else []),
            Section("Who it is", (sheet_table(asked, "subject_id", subject_id),)),
        ]
        return View(
            Page("person", f"{capital(asked.subject.one)} {name}", _lead(asked, subject_id),
                 tuple(sections)),
            links=(Link("All samples", address("samples")),
                   *([] if asked.pseudonymised else [_coloured(asked)])),
            questions=tuple(asked.questions),
        )  # fmt: skip


def _coloured(asked: Asked) -> Link:
    return Link(f"All {asked.subject.many} on the map", address("samples", colour="subject_id"))


def _lead(asked: Asked, subject_id: str) -> str:
    row = asked.rows(_SUBJECT, {"subject_id": subject_id})[0]
    numbers = f"{counted(row['n_samples'], 'sample')} at {asked.timepoint.counted(row['n_visits'])}"
    if row["n_groups"] > 1:
        return f"{numbers}; the group changes."
    return f"{row['study_group']}, {numbers}." if asked.has_groups else f"{numbers}."


def _grid(asked: Asked, subject_id: str, name: str) -> Figure | None:
    """Return the squares of what was measured when; None where nothing was."""
    if not asked.has_rows("qc_sample"):
        return None
    one = f"{capital(asked.subject.one)} {name}"
    rows = asked.table(_GRID, {"subject_id": subject_id, "one": one})
    if not rows.num_rows:
        return None
    what = list(dict.fromkeys(rows["subject"].to_pylist()))
    states = rows["state"].to_pylist()
    left_out = states.count("left out")
    nouns = replace(asked.nouns, subject=Noun("assay", "assays"))
    return Figure(
        name="person-grid",
        title="What was measured when",
        caption="A cross was left out for its quality." if left_out else "",
        alt=f"{counted(len(states), 'square')} for {len(what)} kinds of measurement by "
        f"{asked.timepoint.one}, {left_out} left out.",
        spec=visit_grid(asked.groups, asked.timepoints, what, nouns),
        data={"grid": linked(rows, "address", sample_address, "sample")},
        where="page",
        fit="columns",
        cell_width=330,
    )


def _table(asked: Asked, subject_id: str) -> Table:
    query = _SAMPLES.format(qc="qc_sample" if asked.is_there("qc_sample") else _NO_QC)
    rows = asked.table(query, {"subject_id": subject_id})
    timepoint = capital(asked.timepoint.one)
    columns = tuple(
        replace(c, label=c.label.format(timepoint=timepoint))
        for c in _COLUMNS
        if rows[c.name].null_count < rows.num_rows and (c.name != "study_group" or asked.has_groups)
    )
    shown = rows.select([c.name for c in columns])
    return Table(
        name="person-samples",
        title="Samples",
        caption="",
        columns=columns,
        rows=linked(shown, "address", sample_address, "sample"),
    )
