"""Maps of the samples: principal components and leading differences, coloured by anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cohortmart.core.study.kinds import BETA, COUNTS
from cohortmart.core.text import capital
from cohortmart.report.blocks import Block, Choice, Figure, Panel, Text
from cohortmart.report.figures.sample_maps import Axes, Code, sample_maps
from cohortmart.report.naming import slugs
from cohortmart.report.pages.quality.assays import SAMPLE_ORDER, Assay, SampleSet, heading, label
from cohortmart.report.pages.quality.variables import (
    VALUE,
    Variable,
    colour_code,
    shape_code,
    study_variables,
    telling,
)
from cohortmart.report.source import Source

_POINTS = """
    with pca as (
        select sample_id,
            max(case when component = 1 then score end) as pc1,
            max(case when component = 2 then score end) as pc2,
            max(case when component = 3 then score end) as pc3,
            max(case when component = 4 then score end) as pc4
        from qc_pca where assay = $assay and sample_set = $sample_set group by sample_id
    ),
    mds as (
        select sample_id,
            max(case when dimension = 1 then coordinate end) as mds1,
            max(case when dimension = 2 then coordinate end) as mds2
        from {mds} where assay = $assay and sample_set = $sample_set group by sample_id
    )
    select s.sample, s.subject, pca.* exclude (sample_id), mds.mds1, mds.mds2, {variables}
    from pca
    inner join shown_sample as s using (sample_id)
    inner join dim_sample as d using (sample_id)
    left join mds using (sample_id)
    order by {order}
"""
_NO_MDS = (
    "(select null::varchar as assay, null::varchar as sample_set, null::varchar as sample_id, "
    "null::integer as dimension, null::double as coordinate)"
)
_SHARES = """
    select sample_set, component, variance_share from qc_pca_component
    where assay = $assay and component <= 4 order by sample_set, component
"""
#: What is picked among the maps of one set of samples.
COLOURED_BY = "Coloured by"
_COORDINATES = ("pc1", "pc2", "pc3", "pc4", "mds1", "mds2")
#: What is told of every point, and what of one that need not be anonymous.
_WHAT, _WHO = ("study_group", "timepoint", "cell_type"), ("sample", "subject", "visit_key")


@dataclass(frozen=True, eq=False)
class _Set:
    """A set of samples with all that its maps have in common."""

    assay: Assay
    one: SampleSet
    points: pa.Table
    shown: Sequence[Variable]
    shares: dict[int, float]


def map_blocks(source: Source, assay: Assay, sets: Sequence[SampleSet]) -> tuple[Block, ...]:
    """Return the maps of an assay: a choice of samples, and for each one of colours."""
    if not sets:
        return ()
    panels = tuple(
        Panel(k.one.title, _set_blocks(source, k))
        for k in _known(source, assay, sets)
        if _axes(k, k.points.select(_kept(k.points)))  # one feature makes a line, and no map
    )
    if not panels:
        return ()
    return (Choice(f"quality-sets-{assay.key}", "Samples", panels),)


def _known(source: Source, assay: Assay, sets: Sequence[SampleSet]) -> Iterator[_Set]:
    """Read the points of each set."""
    candidates = study_variables(source)
    query = _POINTS.format(
        mds="qc_mds" if source.has_rows("qc_mds") else _NO_MDS,
        variables=", ".join(f"{v.expression} as {v.column}" for v in candidates),
        order=SAMPLE_ORDER,
    )
    rows = []
    if source.has_rows("qc_pca_component"):
        rows = source.rows(_SHARES, {"assay": assay.name})
    for one in sets:
        given = {"assay": assay.name, "sample_set": one.name, "groups": list(source.groups)}
        points = source.table(query, given)
        shares = {
            r["component"]: r["variance_share"]
            for r in rows
            # samples that are all the same have no differences to hold a share of
            if r["sample_set"] == one.name and r["variance_share"] is not None
        }
        yield _Set(assay, one, points, telling(source, points, candidates), shares)


def _set_blocks(source: Source, known: _Set) -> tuple[Block, ...]:
    shown = known.shown[: source.detail.top_features]
    keys = slugs([v.name for v in shown])
    panels = tuple(
        Panel(label(source, v.name), (_figure(source, known, v, keys[v.name]),)) for v in shown
    )
    name = f"quality-colours-{known.assay.key}--{known.one.key}"
    blocks: list[Block] = [Choice(name, COLOURED_BY, panels), _file(source, known)]
    if len(shown) < len(known.shown):
        words = f"The first {len(shown)} of {len(known.shown)} columns of the sample sheet are "
        blocks.insert(0, Text(f"{words}offered; qc_pca and dim_sample have all of them."))
    return tuple(blocks)


def _figure(source: Source, known: _Set, variable: Variable, key: str) -> Figure:
    """Return the maps in the page, coloured by one variable."""
    colour = colour_code(source, variable)
    shape = shape_code(source, known.shown, ("cell_type", "study_group"))
    more = "" if colour else (
        f"{label(source, variable.name)} has {len(variable.levels)} values, too many for colours: "
        "point at a sample. "
    )  # fmt: skip
    return _drawn(
        source, known, variable, colour, shape, more,
        f"quality-map-{known.assay.key}--{known.one.key}--{key}", "page",
    )  # fmt: skip


def _file(source: Source, known: _Set) -> Figure:
    """Return the maps for print: groups in colour, cell types or timepoints by shape."""
    group = known.shown[0]
    shape = shape_code(source, known.shown, ("cell_type", "timepoint", "study_group"))
    name = f"quality-map-{known.assay.key}--{known.one.key}"
    return _drawn(source, known, group, colour_code(source, group), shape, "", name, "file")


def _drawn(
    source: Source,
    known: _Set,
    variable: Variable,
    colour: Code | None,
    shape: Code | None,
    more: str,
    name: str,
    where: Any,
) -> Figure:
    points = _points(source, known, variable)
    told = map_words(label(source, variable.name), colour, shape)
    shares = ", ".join(f"component {i}: {_percent(s)}" for i, s in sorted(known.shares.items()))
    return Figure(
        name=name,
        title=f"Samples by their likeness, {told}: {known.assay.name}",
        caption=f"{more}{known.one.n_features:,} {known.assay.features}s; {known.one.people}.",
        alt=f"Maps of {known.one.people}, {told}. Share of all differences: "
        f"{shares or 'not known'}.",
        spec=sample_maps(
            _axes(known, points), colour, shape, point_fields(source, known.shown, variable)
        ),
        data={"points": points},
        where=where,
        fit="columns",
        cell_width=330,
    )


def map_words(name: str, colour: Code | None, shape: Code | None) -> str:
    """Return what colour and shape stand for, in words; `name` is what is drawn."""
    if shape and colour and shape.field == colour.field:
        return f"{name} by colour and shape"
    told = f"{name} {'by colour' if colour else 'when pointed at'}"
    return f"{told}, {shape.title.lower()} by shape" if shape else told


def _points(source: Source, known: _Set, variable: Variable) -> pa.Table:
    """Return the samples of a set, with the columns that a map uses and may show."""
    table = known.points
    kept = [*_WHAT, *(() if source.pseudonymised else _WHO), *_kept(table)]
    if variable.field != VALUE:
        return table.select(kept)
    return table.select([*kept, variable.column]).rename_columns([*kept, VALUE])


def _kept(points: pa.Table) -> list[str]:
    """Return the coordinates that the samples have."""
    return [c for c in _COORDINATES if points[c].null_count < points.num_rows]


def _axes(known: _Set, points: pa.Table) -> list[Axes]:
    found = [
        Axes(f"pc{i}", f"pc{j}", *(component_title(known.assay, n, known.shares) for n in (i, j)))
        for i, j in ((1, 2), (3, 4))
    ]
    units = {COUNTS: "log2 fold change", BETA: "M-value change"}
    unit = units.get(known.assay.kind.name, "scaled difference")
    found.append(
        Axes("mds1", "mds2", f"Leading {unit}, dimension 1", f"Leading {unit}, dimension 2")
    )
    there = set(points.column_names)
    return [one for one in found if {one.x, one.y} <= there]


def component_title(assay: Assay, number: int, shares: Mapping[int, float]) -> str:
    """Return the title of an axis with what it holds; a score has the unit of the values.

    Parameters
    ----------
    assay : Assay
    number : int
        Of the component, from 1.
    shares : mapping of int to float
        Share of all differences that a component holds, 0 to 1, where it is known.
    """
    held = f", {_percent(shares[number])}" if number in shares else ""
    return f"Component {number}{held} ({assay.unit})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def point_fields(
    source: Source, shown: Sequence[Variable], variable: Variable
) -> list[dict[str, Any]]:
    """Return what is told of a sample that is pointed at: nobody's name where it is not shown.

    Parameters
    ----------
    source : Source
    shown : sequence of Variable
        Those that tell samples apart.
    variable : Variable
        The one that is drawn.
    """
    there = {v.name for v in shown}
    fields = [("study_group", "Group")] if source.has_groups else []
    fields += [("timepoint", capital(source.timepoint.one))]
    if not source.pseudonymised:
        fields = [("sample", "Sample"), ("subject", capital(source.subject.one)), *fields]
        fields += [("visit_key", "Visit key")] if "visit_key" in there else []
    fields += [("cell_type", "Cell type")] if "cell_type" in there else []
    found: list[dict[str, Any]] = [
        {"field": field, "title": title, "type": "nominal"} for field, title in fields
    ]
    if variable.field == VALUE:
        number = {"type": "quantitative", "format": ".4~g"}
        kind = number if variable.is_number else {"type": "nominal"}
        found.append({"field": VALUE, "title": heading(source, variable.name), **kind})
    return found
