"""Measures of a person over time: of assays with few measures, before everyone else's."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.explore.answers.addresses import sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.person_courses import person_courses
from cohortmart.report.naming import slugs

#: Assays with more measures are asked for one by one.
MOST_MEASURES = 12

_FEW = """
    select assay, any_value(unit) as unit, count(distinct unit) as n_units
    from dim_measure group by assay having count(*) <= $most order by assay
"""
_COURSES = """
    select v.measure_name as feature, v.feature_id, s.subject_id = $subject_id as is_own,
        concat_ws('/', s.subject, s.cell_type, s.visit_key) as line, s.sample,
        concat_ws(', ', s.cell_type, nullif(s.visit_key, '')) as stratum, s.timepoint,
        s.visit_order, v.value
    from visit_measurement as v
    inner join shown_sample as s using (sample_id)
    where v.assay = $assay and v.value is not null
        -- cells that were not measured of this person would only hide those that were
        and coalesce(s.cell_type, '') in (select coalesce(o.cell_type, '') from shown_sample as o
            where o.subject_id = $subject_id)
    order by v.measure_name, v.feature_id, line, s.visit_order, s.sample
"""


def own_courses(asked: Asked, subject_id: str) -> list[Figure]:
    """Return the course of each measure of the assays that have few, as far as there are values.

    Parameters
    ----------
    asked : Asked
        Of a study whose people may be shown.
    subject_id : str
    """
    if not (asked.has_rows("dim_measure") and asked.is_there("visit_measurement")):
        return []
    rows = asked.rows(_FEW, {"most": MOST_MEASURES})
    keys = slugs([row["assay"] for row in rows])
    drawn = [_figure(asked, row, keys[row["assay"]], subject_id) for row in rows]
    return [figure for figure in drawn if figure is not None]


def _figure(asked: Asked, row: dict[str, Any], key: str, subject_id: str) -> Figure | None:
    assay, unit = row["assay"], row["unit"] if row["n_units"] == 1 else None
    table = asked.table(_COURSES, {"assay": assay, "subject_id": subject_id})
    own = table.filter(table["is_own"])
    if not own.num_rows:
        return None
    strata = sorted(set(own["stratum"].to_pylist()))
    n_others = pc.count_distinct(table.filter(pc.invert(table["is_own"]))["line"]).as_py()
    values = own["value"].to_pylist()
    shown = linked(table, "address", sample_address, "sample")
    return Figure(
        name=f"courses-{key}",
        title=f"Measures over time: {assay}",
        caption=f"Grey: the courses of others ({n_others:,}).",
        alt=f"{own.num_rows} values of {assay} between {min(values):.3g} and {max(values):.3g}.",
        spec=person_courses(asked.timepoints, strata, unit or "Value", asked.nouns),
        data={"courses": _kept(shown)},
        where="page",
        fit="columns",
        cell_width=270,
    )


def _kept(table: pa.Table) -> pa.Table:
    """Return what is drawn; lines of others lead nowhere."""
    return table.drop_columns(["feature_id", "sample"])
