"""Sample map: two components, coloured by any variable, a point a sample that leads to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.explore.answers.addresses import sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.linked import linked
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.sample_maps import Axes, sample_map
from cohortmart.report.pages.quality.assays import SAMPLE_ORDER, Assay, SampleSet, label
from cohortmart.report.pages.quality.maps import component_title, map_words, point_fields
from cohortmart.report.pages.quality.variables import (
    VALUE,
    Variable,
    colour_code,
    shape_code,
    study_variables,
    telling,
)
from cohortmart.report.sample_numbers import samples_of

_POINTS = """
    with pca as (
        select sample_id, max(score) filter (component = $x) as x,
            max(score) filter (component = $y) as y
        from qc_pca where assay = $assay and sample_set = $sample_set group by sample_id
    )
    select s.sample_id, s.sample, s.subject, s.visit_order, pca.x, pca.y, {kept} as is_kept,
        {variables}
    from pca
    inner join shown_sample as s using (sample_id)
    inner join dim_sample as d using (sample_id)
    where pca.x is not null and pca.y is not null
    order by {order}
"""
_SHARES = """
    select component, variance_share from qc_pca_component
    where assay = $assay and sample_set = $sample_set order by component
"""
#: The name of a person's own colour: not a column that tells anything of a sample.
PERSON = "subject_id"


@dataclass(frozen=True, eq=False)
class Points:
    """The samples of a set on two components.

    Parameters
    ----------
    assay : Assay
    one : SampleSet
    x, y : int
        Numbers of the components.
    shares : mapping of int to float
        Share of all differences that a component holds, where it is known.
    components : sequence of int
        Those that there are.
    table : pyarrow.Table
        Those that are kept, a row a sample.
    variables : sequence of Variable
        What tells samples of the set apart, the kept ones or not.
    """

    assay: Assay
    one: SampleSet
    x: int
    y: int
    shares: Mapping[int, float]
    components: Sequence[int]
    table: pa.Table
    variables: Sequence[Variable]


def component_shares(asked: Asked, assay: Assay, one: SampleSet) -> dict[int, float | None]:
    """Return the components of a set of samples with the share that each holds."""
    rows = asked.rows(_SHARES, {"assay": assay.name, "sample_set": one.name})
    return {row["component"]: row["variance_share"] for row in rows}


def sample_points(
    asked: Asked, assay: Assay, one: SampleSet, kept: str = "true", x: int = 1, y: int = 2
) -> Points:
    """Return the samples of a set on two components.

    Parameters
    ----------
    asked : Asked
    assay : Assay
    one : SampleSet
    kept : str
        A condition of SQL on `shown_sample as s`.
    x, y : int
        Components.
    """
    shares = component_shares(asked, assay, one)
    candidates = study_variables(asked)
    query = _POINTS.format(
        kept=kept,
        variables=", ".join(f"{v.expression} as {v.column}" for v in candidates),
        order=SAMPLE_ORDER,
    )
    given = {"assay": assay.name, "sample_set": one.name, "x": x, "y": y}
    table = asked.table(query, given | {"groups": list(asked.groups)})
    variables = telling(asked, table, candidates)
    if not asked.pseudonymised:
        levels = tuple(sorted(set(table["subject"].to_pylist()), key=lambda s: (len(s), s)))
        variables.append(Variable(PERSON, "subject", levels=levels))
    return Points(
        assay, one, x, y, {n: s for n, s in shares.items() if s is not None}, list(shares),
        table.filter(table["is_kept"]), variables,
    )  # fmt: skip


def variable_named(points: Points, name: str) -> Variable:
    """Return a variable of the points, the first where none is called so."""
    return next((v for v in points.variables if v.name == name), points.variables[0])


def map_figure(
    asked: Asked, points: Points, variable: Variable, ringed: Mapping[str, str], *, name: str,
    said: str = "",
) -> Figure:  # fmt: skip
    """Return the map of some points.

    Parameters
    ----------
    asked : Asked
    points : Points
        One or more.
    variable : Variable
        What colours tell.
    ringed : mapping of str to str
        By sample_id, what stands beside the ring around a sample.
    name : str
        Of the figure.
    said : str
        What the rings mean.
    """
    # levels of what is left: colours of what is not there would only fill the legend
    drawn = next(iter(_of_kept(asked, points, [variable])), variable)
    shown = _of_kept(asked, points, points.variables)
    colour = colour_code(asked, drawn)
    shape = shape_code(asked, shown, ("cell_type", "study_group"))
    has_paths = variable.name == PERSON and colour is None
    table = _table(asked, points, drawn, has_paths=has_paths)
    n_people = pc.count_distinct(points.table["subject"]).as_py()
    people = samples_of(asked, points.table.num_rows, n_people)
    words = map_words(label(asked, drawn.name), colour, shape)
    if has_paths:
        words = f"a line for each {asked.subject.one}"
    named = [w for w in ringed.values() if w]
    alt = f"Map of {people}, {words}." + (f" Ringed: {', '.join(named)}." if named else "")
    axes = Axes(
        "x", "y", *(component_title(points.assay, n, points.shares) for n in (points.x, points.y))
    )
    fields = point_fields(asked, points.variables, drawn)
    return Figure(
        name=name,
        title=f"Samples by their likeness, {words}: {points.assay.name}",
        caption=f"{said}{' ' if said else ''}{points.one.n_features:,} {points.assay.features}s; "
        f"{people}.",
        alt=alt,
        spec=sample_map(axes, colour, shape, fields, paths=has_paths),
        data={"points": table, "ringed": _ringed(points.table, ringed)},
        where="page",
        max_width=860,
    )


def _of_kept(asked: Asked, points: Points, variables: Sequence[Variable]) -> list[Variable]:
    """Return the variables with the levels of the points that are kept."""
    own = [v for v in variables if v.name != PERSON]
    found = {v.name: v for v in telling(asked, points.table, own)} if own else {}
    return [found.get(v.name, v) for v in variables if v.name in found or v.name == PERSON]


def _table(asked: Asked, points: Points, variable: Variable, *, has_paths: bool) -> pa.Table:
    """Return the columns that may be shown of the points, and where each leads."""
    table = points.table
    kept = ["x", "y", "study_group", "timepoint", "cell_type"]
    if not asked.pseudonymised:
        kept += ["sample", "subject", "visit_order"]
        kept += ["visit_key"] if "visit_key" in table.column_names else []
    found = table.select(kept)
    if variable.field == VALUE:
        found = found.append_column(VALUE, table[variable.column])
    if asked.pseudonymised:
        return found
    if has_paths:
        rows = zip(table["subject"].to_pylist(), table["cell_type"].to_pylist(), strict=True)
        paths = pa.array(["\n".join(filter(None, row)) for row in rows], pa.string())
        found = found.append_column("path", paths)
    return linked(found, "address", sample_address, "sample")


def _ringed(table: pa.Table, ringed: Mapping[str, str]) -> pa.Table:
    rows = table.select(["sample_id", "x", "y"]).to_pylist()
    xs = [r["x"] for r in rows]
    middle = (min(xs) + max(xs)) / 2 if xs else 0.0
    found: list[dict[str, Any]] = [
        {"x": r["x"], "y": r["y"], "words": ringed[r["sample_id"]],
         "side": "left" if r["x"] > middle else "right"}
        for r in rows if r["sample_id"] in ringed
    ]  # fmt: skip
    kinds = {"x": pa.float64(), "y": pa.float64(), "words": pa.string(), "side": pa.string()}
    return pa.Table.from_pylist(found, schema=pa.schema(list(kinds.items())))
