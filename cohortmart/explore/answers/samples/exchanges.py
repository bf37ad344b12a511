"""Exchanged samples: those most like another cell type or person, where others are not."""

from __future__ import annotations

from typing import Any

from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay
from cohortmart.report.source import Source

#: Where so many samples are most like one of their own kind, one that is not is odd; and of how
#: many samples at least.
USUAL, FEWEST = 0.9, 6

#: Every pair from both of its sides.
PAIRS = """
    select first_sample_id as sample_id, second_sample_id as other, r
    from qc_sample_correlation where assay = $assay and sample_set = $sample_set
    union all
    select second_sample_id, first_sample_id, r
    from qc_sample_correlation where assay = $assay and sample_set = $sample_set
"""
#: The nearest sample of all to each, and the nearest of its cell type: of its own kind?
_NEAREST = f"""
    with pair as (
        select p.*, s.cell_type is not distinct from o.cell_type as of_type,
            s.subject_id = o.subject_id as of_person
        from ({PAIRS}) as p
        inner join shown_sample as s using (sample_id)
        inner join shown_sample as o on p.other = o.sample_id
        where p.r is not null
    ),
    nearest as (
        select sample_id, arg_max(other, (r, other)) as nearest,
            arg_max(other, (r, other)) filter (of_type) as nearest_of_type,
            arg_max(of_type, (r, other)) as is_of_type,
            arg_max(of_person, (r, other)) filter (of_type) as is_of_person,
            coalesce(bool_or(of_person) filter (of_type), false) as can_be_of_person
        from pair group by sample_id
    )
    select t.*, s.cell_type, n.sample as nearest_sample, n.cell_type as nearest_type,
        u.sample as type_sample, u.subject as type_subject
    from nearest as t
    inner join shown_sample as s using (sample_id)
    left join shown_sample as n on t.nearest = n.sample_id
    left join shown_sample as u on t.nearest_of_type = u.sample_id
    order by t.sample_id
"""


def exchanges(source: Source, assay: Assay) -> dict[str, str]:
    """Return what speaks for an exchange, by sample_id; nothing where people are numbers.

    A sample is most like one of its cell type, and within the cell type most like one of its own
    person, in most studies of the genome and in few of proteins. Where nine of ten samples are,
    one that is not may have been exchanged.

    Parameters
    ----------
    source : Source
        With correlations of samples.
    assay : Assay
    """
    if source.pseudonymised:
        return {}
    rows = source.rows(_NEAREST, {"assay": assay.name, "sample_set": ALL_SAMPLES})
    persons = [r for r in rows if r["can_be_of_person"]]
    found: dict[str, str] = {}
    if source.has_cell_types and _is_usual([r["is_of_type"] for r in rows]):
        found |= {r["sample_id"]: _other_type(r) for r in rows if not r["is_of_type"]}
    if _is_usual([r["is_of_person"] for r in persons]):
        found |= {
            r["sample_id"]: _other_person(source, r)
            for r in persons
            if not r["is_of_person"] and r["sample_id"] not in found
        }
    return found


def _is_usual(own: list[bool]) -> bool:
    return len(own) >= FEWEST and sum(own) >= USUAL * len(own)


def _other_type(row: dict[str, Any]) -> str:
    return (
        f"most like {row['nearest_sample']}, which is {row['nearest_type'] or 'of no cell type'}, "
        f"not {row['cell_type'] or 'of none'} as the sheet says: exchanged?"
    )


def _other_person(source: Source, row: dict[str, Any]) -> str:
    one = source.subject.one
    of_type = " of its cell type" if source.has_cell_types else ""
    return (
        f"of the samples{of_type} most like {row['type_sample']} of {one} {row['type_subject']}, "
        f"not one of its own {one} as nearly all are: exchanged?"
    )
