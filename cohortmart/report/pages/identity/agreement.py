"""Genotype agreement: how far any two arrays have the same genotypes, as a triangle of cells."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.text import joined
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.sample_correlation import sample_correlation
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: More arrays than these make too many cells; then those of odd people are drawn.
MOST_ARRAYS = 150

_THERE = """
    with pair as (
        select first_assay, first_sample_id, second_assay, second_sample_id, agreement
        from qc_genotype_agreement where agreement is not null
    ),
    odd as (
        select unnest([subject_id, likely_subject_id]) as subject_id from qc_identity
        where verdict not in ('as said', 'cannot tell', 'other sex')
            and assay in (select first_assay from pair union select second_assay from pair)
    ),
    arrays as (
        select first_assay as assay, first_sample_id as sample_id from pair
        union
        select second_assay, second_sample_id from pair
    ),
    shown as (
        select a.assay, s.sample, s.subject, s.subject_id, s.sample_id, s.study_group,
            concat_ws(', ', s.timepoint, s.cell_type, nullif(s.visit_key, '')) as visit,
            s.subject_id in (select subject_id from odd where subject_id is not null) as is_odd,
            row_number() over (
                order by list_position($groups, s.study_group), length(s.subject), s.subject,
                    s.visit_order, s.cell_type nulls last, a.assay, s.sample
            ) as place, count(*) over () as n
        from arrays as a inner join shown_sample as s using (sample_id)
    ),
    ordered as (
        select * exclude (place, n), row_number() over (order by place) - 1 as place
        from shown where n <= $most or is_odd
        order by place limit $most
    )
"""
_SAMPLES = (
    _THERE
    + """
    select place, study_group, sample_id, subject_id,
        concat_ws(', ', sample, subject, visit, assay) as name
    from ordered order by place
"""
)
_CELLS = (
    _THERE
    + """
    select least(a.place, b.place) as x, greatest(a.place, b.place) as y, p.agreement as r
    from pair as p
    inner join ordered as a on p.first_assay = a.assay and p.first_sample_id = a.sample_id
    inner join ordered as b on p.second_assay = b.assay and p.second_sample_id = b.sample_id
    order by x, y
"""
)
#: Samples of a person stand next to each other.
_SAME = (
    _THERE
    + """
    select min(place) as start, max(place) + 1 as stop, (min(place) + max(place) + 1) / 2 as middle,
        case when bool_or(is_odd) then any_value(subject) else '' end as words
    from ordered group by subject_id order by start
"""
)


def agreement_figure(source: Source) -> Figure | None:
    """Return the agreement of any two arrays; None where there are no two, or people are numbers.

    Parameters
    ----------
    source : Source
    """
    if source.pseudonymised or not source.has_rows("qc_genotype_agreement"):
        return None
    given = {"groups": list(source.groups), "most": MOST_ARRAYS}
    samples = source.table(_SAMPLES, given)
    if samples.num_rows < 2:
        return None
    cells, blocks = source.table(_CELLS, given), source.table(_SAME, given)
    people = len(set(samples["subject_id"].to_pylist()))
    n_all = source.value("select count(*) from qc_identity where contamination_score is not null")
    only = "" if samples.num_rows == n_all else f" Of {n_all:,} arrays, those of odd people."
    order = joined([*(["group (stripes)"] if source.has_groups else []), source.subject.one])
    return Figure(
        name="identity-agreement",
        title="Genotypes that any two arrays share",
        caption=f"Ordered by {order} (frames; named where something is odd).{only} "
        f"{samples_of(source, samples.num_rows, people)}.",
        alt=_alt(cells, samples.num_rows),
        spec=sample_correlation(
            source.groups, value="Share of equal genotypes", tooltip="Equal genotypes"
        ),
        data={
            "cells": cells,
            "blocks": blocks,
            "samples": samples.select(["place", "study_group", "name"]),
        },
        max_width=600,
    )


def _alt(cells: pa.Table, n: int) -> str:
    shares = cells["r"].to_pylist()
    alike = sum(share > 0.9 for share in shares)
    return (
        f"Of {len(shares):,} pairs of {n} arrays, {alike:,} share more than nine of ten genotypes; "
        f"the shares lie between {min(shares):.2f} and {max(shares):.2f}."
    )
