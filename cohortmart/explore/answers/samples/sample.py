"""Sample page: who a sample is, how good it is, what it is like, and where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from cohortmart.core.text import joined
from cohortmart.explore.answers.addresses import address, person_address, sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples.named import named_sample, not_shown
from cohortmart.explore.answers.samples.neighbours import nearest_table
from cohortmart.explore.answers.samples.prepared import Known, known_assays
from cohortmart.explore.answers.samples.sample_map import (
    component_shares,
    map_figure,
    sample_points,
    variable_named,
)
from cohortmart.explore.answers.samples.sample_numbers import numbers_table
from cohortmart.explore.answers.samples.sheet import sheet_table
from cohortmart.explore.answers.view import Link, View, Wanted
from cohortmart.report.blocks import Block, Column, Page, Section, Table, Text

_OTHERS = """
    select s.sample, concat_ws(', ', s.timepoint, s.cell_type, nullif(s.visit_key, '')) as what
    from shown_sample as s
    where s.subject_id = $subject_id and s.sample_id <> $sample_id
    order by s.visit_order, s.cell_type nulls last, s.visit_key, length(s.sample), s.sample
"""
_USE = """
    select r.assay, r.analysis,
        bool_or(d.sample_id is not null) as is_in, any_value(q.filter_reason) as filter_reason,
        bool_or(q.sample_id is not null) as is_measured
    from analysis_run as r
    left join design_matrix as d on d.analysis = r.analysis and d.sample_id = $sample_id
    left join qc_sample as q on q.assay = r.assay and q.sample_id = $sample_id
    group by r.assay, r.analysis
    order by r.assay, list_position($analyses, r.analysis), r.analysis
"""
_QC = "select assay, filter_reason from qc_sample where sample_id = $sample_id order by assay"


def sample_view(explored: Explored, wanted: Wanted) -> View:
    """Return what there is of one sample.

    Raises
    ------
    InputError
        There is no such sample.
    """
    known = known_assays(explored)
    with explored.asked() as asked:
        sample = named_sample(asked, wanted.get("name", ""))
        name = str(sample["sample"])
        if asked.pseudonymised:
            return not_shown(asked, "sample", name)
        measured = {r["assay"]: r["filter_reason"] for r in asked.rows(_QC, _of(sample))}
        of = [one for one in known if one.assay.name in measured]
        numbers = numbers_table(asked, of, sample["sample_id"])
        sheet = sheet_table(asked, "sample_id", sample["sample_id"], sample["subject"])
        first: list[Block] = [*_odd(asked, of, sample, measured)]
        first += [numbers] if numbers else []
        sections = [
            Section("", tuple(first)),
            *(Section(f"{one.assay.name}: what it is like", blocks)
              for one in of if (blocks := tuple(_alike(asked, one, sample)))),
            Section("Who it is", (sheet,)),
            *_use(asked, sample),
        ]  # fmt: skip
        return View(
            Page("sample", name, _lead(asked, sample), tuple(sections)),
            links=_links(asked, sample),
            questions=tuple(asked.questions),
        )


def _of(sample: dict[str, Any]) -> dict[str, Any]:
    return {"sample_id": sample["sample_id"]}


def _lead(asked: Asked, sample: dict[str, Any]) -> str:
    known = (sample["study_group"] if asked.has_groups else "", sample["timepoint"],
             sample["cell_type"], sample["visit_key"])  # fmt: skip
    said = ", ".join(str(part) for part in known if part)
    return f"Of {asked.subject.one} {sample['subject']}: {said}."


def _links(asked: Asked, sample: dict[str, Any]) -> tuple[Link, ...]:
    given = {"subject_id": sample["subject_id"], **_of(sample)}
    person = str(sample["subject"])
    return (
        Link(f"{asked.subject.one} {person}", person_address(person)),
        *(Link(f"{row['sample']} ({row['what']})", sample_address(row["sample"]))
          for row in asked.rows(_OTHERS, given)),
        Link("All samples", address("samples")),
    )  # fmt: skip


def _odd(
    asked: Asked, of: list[Known], sample: dict[str, Any], measured: dict[str, str | None]
) -> Iterator[Text]:
    """Say what is odd of a sample, or that nothing is."""
    said = []
    for one in of:
        name = one.assay.name
        reason = measured[name]
        if reason is not None:
            said.append(f"{name}: left out, {asked.names.words(reason)}.")
        if sample["sample_id"] in one.odd:
            said.append(f"{name}: {one.odd[sample['sample_id']]}")
    yield from (Text(words, "warning") for words in said)
    if not said and of:
        yield Text(f"Nothing is odd of this sample in {joined([k.assay.name for k in of])}.")
    if not of:
        yield Text("No assay measured this sample.", "warning")


def _alike(asked: Asked, one: Known, sample: dict[str, Any]) -> Iterator[Block]:
    """Yield the table of the samples it is most like, and the map with a ring around it."""
    if one.median_r:
        table = nearest_table(asked, one.assay, sample["sample_id"], one.assay.key)
        if table is not None:
            yield table
    if not one.sets or len(component_shares(asked, one.assay, one.sets[0])) < 2:
        return
    points = sample_points(asked, one.assay, one.sets[0])
    if sample["sample_id"] in points.table["sample_id"].to_pylist():
        ringed = {sample["sample_id"]: str(sample["sample"])}
        variable = variable_named(points, "")
        yield map_figure(asked, points, variable, ringed, name=f"sample-map-{one.assay.key}")


def _use(asked: Asked, sample: dict[str, Any]) -> Iterator[Section]:
    if not (asked.has_rows("analysis_run") and asked.has_rows("design_matrix")):
        return
    rows = asked.rows(_USE, {**_of(sample), "analyses": list(asked.analyses)})
    shown = [
        {"assay": r["assay"], "analysis": r["analysis"], "is_in": "yes" if r["is_in"] else "no",
         "why": None if r["is_in"] else _why(asked, r)}
        for r in rows
    ]  # fmt: skip
    columns = (
        Column("analysis", "Analysis"), Column("assay", "Assay"), Column("is_in", "Takes it"),
        Column("why", "Why not"),
    )  # fmt: skip
    kinds = {name: pa.string() for name in ("assay", "analysis", "is_in", "why")}
    table = Table(
        "analyses", "Analyses with this sample", "", columns,
        pa.Table.from_pylist(shown, schema=pa.schema(list(kinds.items()))),
    )  # fmt: skip
    yield Section("Where it is used", (table,))


def _why(asked: Asked, row: dict[str, Any]) -> str:
    if not row["is_measured"]:
        return f"not measured by {row['assay']}"
    if row["filter_reason"] is not None:
        return str(asked.names.words(row["filter_reason"]))
    return "not among the samples that it takes ('where', 'samples' or a missing covariate)"
