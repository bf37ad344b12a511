"""Units of the changes of an analysis."""

from __future__ import annotations

from cohortmart.core.study.kinds import UNITS
from cohortmart.report.source import Source


def unit_of(source: Source, analysis: str, values: str) -> str:
    """Return the unit of the changes of an analysis; of measures that of all of them, if one."""
    if values != "measured":
        return UNITS.get(values, values)
    units = source.rows(
        "select distinct m.transformed_unit as unit from dim_measure as m"
        " where m.assay = (select any_value(assay) from dim_contrast where analysis = ?)",
        [analysis],
    )
    return units[0]["unit"] or "unit of the measure" if len(units) == 1 else "unit of each measure"
