"""Variables of the sample sheet by which the points of a map can be coloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.warehouse.quoting import identifier
from cohortmart.report.figures.sample_maps import SHAPES, UNKNOWN, Code
from cohortmart.report.pages.quality.assays import heading
from cohortmart.report.source import Source
from cohortmart.report.theme import CATEGORIES, category_scale, group_scale, timepoint_scale

#: More levels cannot be told apart by colour.
MOST_LEVELS = len(CATEGORIES)
#: What the column of a figure's own variable is called in its points.
VALUE = "value"

_OWN_COLUMNS = """
    select variable as name, kind = 'number' as is_number
    from study_variable
    where role in ('factor', 'covariate')
    order by variable_order
"""


@dataclass(frozen=True)
class Variable:
    """A column of the sample sheet.

    Parameters
    ----------
    name : str
        In the sample sheet.
    column : str
        In the points of a set of samples.
    is_number : bool
    levels : tuple of str
        Those of a set of samples, in the order shown; empty for numbers.
    """

    name: str
    column: str
    is_number: bool = False
    levels: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """What the column is called in the points of a figure."""
        return VALUE if self.column.startswith("own_") else self.column

    @property
    def expression(self) -> str:
        """SQL for the values in `dim_sample as d`."""
        name = identifier(self.name)
        if self.is_number:
            return f"cast(d.{name} as double)"
        return f"coalesce(cast(d.{name} as varchar), '{UNKNOWN}')"


def study_variables(source: Source) -> list[Variable]:
    """Return what samples may be coloured by: group, timepoint, cell type, the study's own columns.

    Of a pseudonymised study the first three only: a person's age and the like are their own.
    """
    roles = [Variable(name, name) for name in ("study_group", "timepoint", "cell_type")]
    if source.pseudonymised:
        return roles
    rows = source.rows(_OWN_COLUMNS) if source.is_there("study_variable") else []
    own = [Variable(row["name"], f"own_{i}", row["is_number"]) for i, row in enumerate(rows, 1)]
    return [*roles, Variable("visit_key", "visit_key"), *own]


def telling(source: Source, points: pa.Table, candidates: Sequence[Variable]) -> list[Variable]:
    """Return all that tells some of the samples of a set apart, or the group where nothing does.

    In a study of one group the timepoint takes its place.

    Parameters
    ----------
    source : Source
    points : pyarrow.Table
        The samples of a set, with a column for each candidate.
    candidates : sequence of Variable
    """
    found = []
    always = "study_group" if source.has_groups else "timepoint"
    for one in candidates:
        column = points[one.column]
        if one.is_number:
            if pc.count_distinct(column).as_py() > 1:
                found.append(one)
            continue
        levels = _levels(source, one.name, set(column.to_pylist()))
        if one.name == always or len(levels) > 1:
            found.append(Variable(one.name, one.column, levels=levels))
    group = next((v for v in found if v.name == always), None)
    if group and len(group.levels) < 2 and len(found) > 1:
        found.remove(group)
    key = next((v for v in found if v.name == "visit_key"), None)
    if key and any(points[v.column].equals(points[key.column]) for v in found if v.field == VALUE):
        found.remove(key)  # a factor says the same of every sample
    return found


def _levels(source: Source, name: str, there: set[str]) -> tuple[str, ...]:
    order = {"study_group": source.groups, "timepoint": source.timepoints}.get(name)
    if order is not None:
        return tuple(level for level in order if level in there)
    return (*sorted(there - {UNKNOWN}), *sorted(there & {UNKNOWN}))


def colour_code(source: Source, variable: Variable) -> Code | None:
    """Return the colours of a variable; None where it has too many levels for that."""
    title = heading(source, variable.name)
    if variable.is_number:
        return Code(variable.field, title)
    if variable.name == "study_group":
        return _part_of(source, group_scale(source.groups), variable)
    if variable.name == "timepoint":
        return _part_of(source, timepoint_scale(source.timepoints), variable)
    if len(variable.levels) > MOST_LEVELS:
        return None
    return Code(variable.field, title, category_scale(variable.levels), variable.levels)


def shape_code(source: Source, shown: Sequence[Variable], prefer: Sequence[str]) -> Code | None:
    """Return the first of some variables that shapes can tell apart; None if there is none."""
    by_name = {v.name: v for v in shown}
    for name in prefer:
        if name in by_name and 1 < len(by_name[name].levels) <= len(SHAPES):
            return Code(by_name[name].field, heading(source, name), levels=by_name[name].levels)
    return None


def _part_of(source: Source, scale: dict[str, Any], variable: Variable) -> Code:
    """Keep the levels that there are, in the colours that they have everywhere."""
    colours = dict(zip(scale["domain"], scale["range"], strict=True))
    kept = {
        "type": "ordinal",
        "domain": list(variable.levels),
        "range": [colours[level] for level in variable.levels],
    }
    return Code(variable.field, heading(source, variable.name), kept, variable.levels)
