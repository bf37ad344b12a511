"""Table of samples: who each is, how good, how far from the others, and what is odd of it."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from cohortmart.core.text import capital, counted
from cohortmart.explore.answers.addresses import person_address, sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.samples.picked_samples import Picked
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.quality.likeness import LIKENESS, likeness_of
from cohortmart.report.pages.quality.samples import says_something

_NO_LIKENESS = (
    "select null::varchar as sample_id, null::double as median_r, null::double as distance, "
    "false as is_far"
)
_ROWS = """
    select s.sample_id, s.sample, s.subject, s.study_group, s.timepoint, s.cell_type,
        q.filter_reason, coalesce(l.is_far, false) as is_far, l.median_r, l.distance,
        q.lib_size / 1e6 as lib_size, q.n_detected, q.missing_share, q.detection_failed_share
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
    left join ({likeness}) as l using (sample_id)
    where q.assay = {assay} and (({kept}) or q.filter_reason is not null and ({filters}))
    order by coalesce(l.is_far, false) desc, q.filter_reason is null, l.distance desc nulls last,
        l.median_r, length(s.sample), s.sample
"""
_COLUMNS = (
    Column("sample", "Sample", link="address"),
    Column("odd", "What is odd"),
    Column("subject", "{subject}", link="person"),
    Column("study_group", "Group"),
    Column("timepoint", "{timepoint}"),
    Column("cell_type", "Cell type"),
    Column("median_r", "Median r with {others}", "number"),
    Column("distance", "Quartile distances below", "number"),
    Column("lib_size", "Million reads", "number"),
    Column("n_detected", "Detected {features}s", "integer"),
    Column("missing_share", "Missing", "percent"),
    Column("detection_failed_share", "Not detected", "percent"),
)


def sample_rows(asked: Asked, of: Picked) -> pa.Table:
    """Return the picked samples of an assay, those that stand out first.

    Parameters
    ----------
    asked : Asked
    of : Picked

    Returns
    -------
    pyarrow.Table
        sample_id and all that the table shows; `odd` in words.
    """
    there = bool(of.known.median_r)
    query = _ROWS.format(
        likeness=LIKENESS if there else _NO_LIKENESS,
        assay="$assay", kept=of.of_set, filters=of.condition,
    )  # fmt: skip
    given = likeness_of(of.assay) if there else {"assay": of.assay.name}
    rows = asked.table(query, given)
    return rows.append_column("odd", pa.array(_odd(asked, of, rows), pa.string()))


def _odd(asked: Asked, of: Picked, rows: pa.Table) -> list[str | None]:
    """Return what is odd of each sample, None where nothing is."""
    said = []
    for row in rows.select(["sample_id", "filter_reason"]).to_pylist():
        reason = row["filter_reason"]
        left_out = None if reason is None else f"left out: {asked.names.words(reason)}"
        both = [left_out, of.known.odd.get(row["sample_id"])]
        said.append("; ".join(words for words in both if words) or None)
    return said


def sample_table(asked: Asked, of: Picked, rows: pa.Table) -> Table:
    """Return the table of what `sample_rows` found."""
    words = {
        "features": of.assay.features,
        "subject": capital(asked.subject.one),
        "timepoint": capital(asked.timepoint.one),
        "others": "others of its cell type" if asked.has_cell_types else "the others",
    }
    hidden = {
        *(("subject",) if asked.pseudonymised else ()),
        *(() if asked.has_groups else ("study_group",)),
        *(() if asked.has_cell_types else ("cell_type",)),
    }
    columns = tuple(
        replace(c, label=c.label.format(**words))
        for c in _COLUMNS
        if c.name not in hidden and says_something(rows, c)
    )
    shown = rows.select([c.name for c in columns])
    if asked.pseudonymised:
        columns = tuple(replace(c, link="") for c in columns)
    else:
        shown = linked(shown, "address", sample_address, "sample")
        shown = linked(shown, "person", person_address, "subject")
    return Table(
        name="samples",
        title=f"Samples of {of.assay.name}",
        caption=f"{counted(rows.num_rows, 'sample')}; those that stand out first, then those "
        "least like the others.",
        columns=columns,
        rows=shown,
    )
