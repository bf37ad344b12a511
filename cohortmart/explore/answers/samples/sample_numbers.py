"""Numbers of a sample beside those of all samples: what was measured, and how well."""

from __future__ import annotations

from bisect import bisect_left
from statistics import median
from typing import Any

import pyarrow as pa

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.samples.prepared import Known
from cohortmart.report.blocks import Column, Table

#: Of all assays in one query: those that differ between the samples.
_RANGES = """
    with known as (
        select q.assay, q.sample_id, unnest([
            {'place': 1, 'number': 'million reads', 'value': q.lib_size / 1e6},
            {'place': 2, 'number': 'TMM factor', 'value': q.norm_factor},
            {'place': 3, 'number': 'detected', 'value': cast(q.n_detected as double)},
            {'place': 4, 'number': 'missing, %', 'value': 100 * q.missing_share},
            {'place': 5, 'number': 'not detected, %', 'value': 100 * q.detection_failed_share}
        ]) as m
        from qc_sample as q
    ),
    own as (
        select assay, m.place as place, m.value as value from known where sample_id = $sample_id
    )
    select k.assay, k.m.number as number, any_value(o.value) as own, min(k.m.value) as lowest,
        median(k.m.value) as middle, max(k.m.value) as highest, count(k.m.value) as n,
        count(*) filter (k.m.value < o.value) as n_below
    from known as k
    inner join own as o on k.assay = o.assay and k.m.place = o.place
    where o.value is not null
    group by k.assay, k.m.place, k.m.number
    having min(k.m.value) < max(k.m.value)
    order by k.assay, k.m.place
"""
_COLUMNS = (
    Column("assay", "Assay"),
    Column("number", "Number"),
    Column("own", "This sample", "number"),
    Column("place", "Place"),
    Column("lowest", "Lowest", "number"),
    Column("middle", "Middle", "number"),
    Column("highest", "Highest", "number"),
)


def numbers_table(asked: Asked, known: list[Known], sample_id: str) -> Table | None:
    """Return what was measured of a sample beside the range of all; None where nothing was.

    Parameters
    ----------
    asked : Asked
    known : list of Known
        Assays.
    sample_id : str
    """
    rows = asked.rows(_RANGES, {"sample_id": sample_id})
    others = "others of its cell type" if asked.has_cell_types else "the others"
    for one in known:
        rows += _likeness(one, sample_id, f"median r with {others}")
    order = [one.assay.name for one in known]
    shown = [
        {c.name: row[c.name] for c in _COLUMNS if c.name != "place"}
        | {"place": f"{row['n_below'] + 1:,} of {row['n']:,} from below"}
        for row in sorted(rows, key=lambda r: order.index(r["assay"]))
    ]
    if not shown:
        return None
    return Table(
        name="numbers",
        title="Its numbers among all samples",
        caption="Only what differs between samples.",
        columns=_COLUMNS,
        rows=pa.Table.from_pylist(shown),
    )


def _likeness(one: Known, sample_id: str, words: str) -> list[dict[str, Any]]:
    """Return how like the others a sample is, beside how like they are; none where not known."""
    values = sorted(one.median_r.values())
    own = one.median_r.get(sample_id)
    if own is None or values[0] == values[-1]:
        return []
    return [
        {"assay": one.assay.name, "number": words, "own": own, "lowest": values[0],
         "middle": median(values), "highest": values[-1], "n": len(values),
         "n_below": bisect_left(values, own)}
    ]  # fmt: skip
