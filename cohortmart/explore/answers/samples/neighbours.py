"""Neighbours of a sample: the most like it, and whether they are of the same person."""

from __future__ import annotations

from cohortmart.core.text import capital
from cohortmart.explore.answers.addresses import person_address, sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.explore.answers.samples.exchanges import PAIRS
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay

#: As many are listed.
_MOST = 8
_NEAREST = f"""
    select o.sample, o.subject, o.study_group, o.timepoint, o.cell_type, p.r,
        if(o.subject_id = s.subject_id, 'yes', '–') as same_person
    from ({PAIRS}) as p
    inner join shown_sample as s using (sample_id)
    inner join shown_sample as o on p.other = o.sample_id
    where p.sample_id = $sample_id and p.r is not null
    order by p.r desc, length(o.sample), o.sample
    limit $most
"""


def nearest_table(asked: Asked, assay: Assay, sample_id: str, key: str) -> Table | None:
    """Return the samples that one is most like; None where it was not compared.

    Parameters
    ----------
    asked : Asked
    assay : Assay
    sample_id : str
    key : str
        A part of the table's name.
    """
    given = {"assay": assay.name, "sample_set": ALL_SAMPLES}
    rows = asked.table(_NEAREST, given | {"sample_id": sample_id, "most": _MOST})
    if not rows.num_rows:
        return None
    hidden = {
        *(() if asked.has_groups else ("study_group",)),
        *(() if asked.has_cell_types else ("cell_type",)),
    }
    columns = (
        Column("sample", "Sample", link="address"),
        Column("r", "r", "number"),
        Column("subject", capital(asked.subject.one), link="person"),
        Column("same_person", f"Same {asked.subject.one}"),
        Column("cell_type", "Cell type"),
        Column("study_group", "Group"),
        Column("timepoint", capital(asked.timepoint.one)),
    )
    shown = linked(rows.drop_columns(list(hidden)), "address", sample_address, "sample")
    return Table(
        name=f"nearest-{key}",
        title="The samples it is most like",
        caption="",
        columns=tuple(c for c in columns if c.name not in hidden),
        rows=linked(shown, "person", person_address, "subject"),
    )
