"""Sample similarity: how alike the samples are, two by two."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.core.text import joined
from cohortmart.report.blocks import Block, Figure, Text
from cohortmart.report.figures.sample_correlation import sample_correlation
from cohortmart.report.figures.sample_values import sample_values, value_tooltip
from cohortmart.report.pages.quality.assays import ALL_SAMPLES, SAMPLE_ORDER, Assay
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: More samples than these make too many cells.
MOST_SAMPLES = 150

_ORDERED = """
    with there as (
        select first_sample_id as sample_id from qc_sample_correlation
        where assay = $assay and sample_set = $sample_set
        union
        select second_sample_id from qc_sample_correlation
        where assay = $assay and sample_set = $sample_set
    ),
    ordered as (
        select s.sample_id, s.sample, s.subject, s.study_group, s.timepoint, s.cell_type,
            concat_ws(', ', s.timepoint, s.cell_type, nullif(s.visit_key, '')) as visit,
            row_number() over (
                order by s.cell_type nulls last, list_position($groups, s.study_group),
                s.visit_order, s.visit_key, length(s.sample), s.sample
            ) - 1 as place
        from there inner join shown_sample as s using (sample_id)
        where {kept}
        order by place
        limit {most}
    )
"""
_SAMPLES = (
    _ORDERED
    + """
    select place, study_group, concat_ws(', ', {sample}study_group, visit) as name,
        {called} as sample
    from ordered order by place
"""
)
_CELLS = (
    _ORDERED
    + """
    select least(a.place, b.place) as x, greatest(a.place, b.place) as y, c.r
    from qc_sample_correlation as c
    inner join ordered as a on c.first_sample_id = a.sample_id
    inner join ordered as b on c.second_sample_id = b.sample_id
    where c.assay = $assay and c.sample_set = $sample_set
    order by x, y
"""
)
#: Cells whose two samples are of one person.
_SAME = (
    _ORDERED
    + """
    select least(a.place, b.place) as x, greatest(a.place, b.place) as y, $words as words
    from qc_sample_correlation as c
    inner join ordered as a on c.first_sample_id = a.sample_id
    inner join ordered as b on c.second_sample_id = b.sample_id
    where c.assay = $assay and c.sample_set = $sample_set and a.subject = b.subject
    order by x, y
"""
)
#: Pairs within a cell type: of one person, and of two.
_MIDDLES = """
    select median(c.r) filter (where a.subject = b.subject) as of_one,
        median(c.r) filter (where a.subject <> b.subject) as of_two
    from qc_sample_correlation as c
    inner join shown_sample as a on c.first_sample_id = a.sample_id
    inner join shown_sample as b on c.second_sample_id = b.sample_id
    where c.assay = $assay and c.sample_set = $sample_set
        and a.cell_type is not distinct from b.cell_type
"""
_BLOCKS = (
    _ORDERED
    + """
    select min(place) as start, max(place) + 1 as stop, (min(place) + max(place) + 1) / 2 as middle,
        case when count(*) over () > 1 then coalesce(cell_type, '') else '' end as words
    from ordered group by cell_type order by start
"""
)
#: Every pair counts for both of its samples.
MEDIAN_R = """
    select sample_id, median(r) as median_r, count(*) as n_pairs
    from (
        select first_sample_id as sample_id, second_sample_id as other, r
        from qc_sample_correlation where assay = $assay and sample_set = $sample_set
        union all
        select second_sample_id, first_sample_id, r
        from qc_sample_correlation where assay = $assay and sample_set = $sample_set
    ) as pair
    inner join shown_sample as a using (sample_id)
    inner join shown_sample as b on pair.other = b.sample_id
    where a.cell_type is not distinct from b.cell_type
    group by sample_id
"""
_MEDIANS = """
    with ordered as (
        select s.sample, s.study_group, s.timepoint, false as left_out, m.median_r as value,
            concat_ws(', ', s.timepoint, s.cell_type, nullif(s.visit_key, '')) as visit,
            row_number() over (order by {order}) as place,
            dense_rank() over (order by list_position($groups, s.study_group)) as block
        from ({medians}) as m inner join shown_sample as s using (sample_id)
    )
    select * exclude (block, place), place + 2 * (block - 1) as place from ordered order by place
"""
_SIZE = """
    select count(*) as n_samples, count(distinct s.subject) as n_people
    from ({medians}) as m inner join shown_sample as s using (sample_id)
"""
_RANGE = """
    select min(r) as lowest, median(r) as middle, max(r) as highest from qc_sample_correlation
    where assay = $assay and sample_set = $sample_set
"""
_KNOWN = """
    select count(r) from qc_sample_correlation where assay = $assay and sample_set = $sample_set
"""
_NOT_KNOWN = (
    "No two samples of {assay} can be correlated: within each of them all values are the same."
)


def correlation_blocks(source: Source, assay: Assay) -> tuple[Block, ...]:
    """Return the correlations of the samples of an assay, two by two or one by one."""
    if not source.has_rows("qc_sample_correlation"):
        return ()
    given = {"assay": assay.name, "sample_set": ALL_SAMPLES}
    samples = correlated_samples(source, assay)
    if not samples.num_rows:
        return ()
    if not source.value(_KNOWN, given):
        return (Text(_NOT_KNOWN.format(assay=assay.name)),)
    if samples.num_rows <= MOST_SAMPLES:
        return (_cells(source, assay, samples),)
    return (_points(source, assay),)


def correlated_samples(
    source: Source, assay: Assay, kept: str = "true", most: int = MOST_SAMPLES + 1
) -> pa.Table:
    """Return the samples of an assay in the order of its correlations: place, study_group, name.

    Parameters
    ----------
    source : Source
    assay : Assay
    kept : str
        A condition of SQL on `shown_sample as s`.
    most : int
        As many are returned: the first.

    Returns
    -------
    pyarrow.Table
        Besides, `sample`: what it is called; null where people are numbered.
    """
    query = _SAMPLES.format(sample="" if source.pseudonymised else "sample, ",
                            called="null" if source.pseudonymised else "sample",
                            kept=kept, most=most)  # fmt: skip
    return source.table(query, _given(source, assay))


def correlation_data(
    source: Source, assay: Assay, kept: str = "true", most: int = MOST_SAMPLES
) -> dict[str, pa.Table]:
    """Return the data sets `cells`, `blocks` and `same` of `sample_correlation`.

    There is no `same` where it is empty, or where people are numbered: which samples are of one
    person is not told then.

    Parameters
    ----------
    source, assay, kept, most
        As of `correlated_samples`.
    """
    given, among = _given(source, assay), {"kept": kept, "most": most}
    data = {
        "cells": source.table(_CELLS.format(**among), given),
        "blocks": source.table(_BLOCKS.format(**among), given),
    }
    if not source.pseudonymised:
        one = f"of one {source.subject.one}"
        same = source.table(_SAME.format(**among), given | {"words": one})
        data |= {"same": same} if same.num_rows else {}
    return data


def _given(source: Source, assay: Assay) -> dict[str, Any]:
    return {"assay": assay.name, "sample_set": ALL_SAMPLES, "groups": list(source.groups)}


def _cells(source: Source, assay: Assay, samples: pa.Table) -> Figure:
    data = correlation_data(source, assay)
    return Figure(
        name=f"quality-correlation-{assay.key}",
        title=f"Correlation of any two samples: {assay.name}",
        caption=f"{correlation_order(source)} {_middles(source, assay)}{_size(source, assay)}",
        alt=_alt(source, assay),
        spec=sample_correlation(source.groups, has_same="same" in data),
        data=data | {"samples": samples.drop_columns(["sample"])},
        max_width=600,
    )


def correlation_order(source: Source) -> str:
    """Say in which order the samples stand, and how it is marked."""
    by = [
        *(["cell type (frames)"] if source.has_cell_types else []),
        *(["group (stripes)"] if source.has_groups else []),
        source.timepoint.one,
    ]
    return f"Ordered by {joined(by)}."


def _middles(source: Source, assay: Assay) -> str:
    """Say how alike the samples of one person are, which makes the dark diagonals."""
    given = {"assay": assay.name, "sample_set": ALL_SAMPLES}
    row = source.rows(_MIDDLES, given)[0]
    if row["of_one"] is None or row["of_two"] is None:
        return ""
    n = source.rows(_SIZE.format(medians=MEDIAN_R), given)[0]["n_samples"]
    marked = "" if source.pseudonymised or n > MOST_SAMPLES else " (outlined)"
    return (
        f"Samples of one {source.subject.one}{marked} correlate at {row['of_one']:.3f} in the "
        f"middle, of two {source.subject.many} at {row['of_two']:.3f}. "
    )


def _points(source: Source, assay: Assay) -> Figure:
    query = _MEDIANS.format(order=SAMPLE_ORDER, medians=MEDIAN_R)
    rows = source.table(
        query,
        {"assay": assay.name, "sample_set": ALL_SAMPLES, "groups": list(source.groups)},
    )
    others = "others of its cell type" if source.has_cell_types else "others"
    title = f"Median correlation r with the {others}"
    middle = source.value(
        f"select median(median_r) from ({MEDIAN_R})",
        {"assay": assay.name, "sample_set": ALL_SAMPLES},
    )
    lines = [{"value": middle, "words": f"median {middle:.3g}"}]
    return Figure(
        name=f"quality-correlation-{assay.key}",
        title=f"Correlation of each sample with the {others}: {assay.name}",
        caption=f"{_middles(source, assay)}{_size(source, assay)}",
        alt=_alt(source, assay),
        spec=sample_values(
            source.groups, source.timepoints, "Median r",
            value_tooltip(title, ".4f", source.timepoint, source.has_groups), source.timepoint,
            mark="point", number_format="~r",
        ),
        data={"samples": rows, "lines": pa.Table.from_pylist(lines)},
        max_width=1080,
    )  # fmt: skip


def _size(source: Source, assay: Assay) -> str:
    row = source.rows(
        _SIZE.format(medians=MEDIAN_R), {"assay": assay.name, "sample_set": ALL_SAMPLES}
    )[0]
    return f"{samples_of(source, row['n_samples'], row['n_people'])}."


def _alt(source: Source, assay: Assay) -> str:
    row = source.rows(_RANGE, {"assay": assay.name, "sample_set": ALL_SAMPLES})[0]
    return (
        f"Correlations of two samples of {assay.name} lie between {row['lowest']:.3f} and "
        f"{row['highest']:.3f}, half of them above {row['middle']:.3f}."
    )
