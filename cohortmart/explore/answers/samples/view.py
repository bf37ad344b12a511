"""Samples page: which samples are alike, and which stand out."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from cohortmart.explore.answers.addresses import sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples.picked_samples import Picked, picked_samples
from cohortmart.explore.answers.samples.prepared import Known, known_assays
from cohortmart.explore.answers.samples.sample_map import (
    Points,
    component_shares,
    map_figure,
    sample_points,
    variable_named,
)
from cohortmart.explore.answers.samples.sample_table import sample_rows, sample_table
from cohortmart.explore.answers.samples.similarity import similarity_figure
from cohortmart.explore.answers.view import Control, Link, Option, View, Wanted, picked
from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.pages.quality.assays import heading

_TITLE = "Samples"
_LEAD = "Which samples are alike, and which stand out? Click one to see who it is."
_LEAD_OF_NUMBERS = "Which samples are alike, and which stand out? Numbers stand for samples."
#: As many samples are named on the map: more would hide each other.
_RINGS, _LEAST_LIKE = 12, 3


def samples_view(explored: Explored, wanted: Wanted) -> View:
    """Return the map, the table and the heat map of the samples of an assay."""
    known = known_assays(explored)
    if not known:
        words = "No assay of this study has samples that were looked at."
        return View(Page("samples", _TITLE, words))
    with explored.asked() as asked:
        of = picked_samples(asked, known, wanted)
        rows = sample_rows(asked, of)
        controls, blocks = _map(asked, of, rows, wanted)
        table = sample_table(asked, of, rows)
        heat_map = similarity_figure(asked, of)
        sections = [
            Section("", (*blocks, *(Text(words, "warning") for words in _flags(of)))),
            Section("Who they are", (table,)),
            *([Section("How alike any two are", (heat_map,))] if heat_map else []),
        ]
        return View(
            Page("samples", _TITLE, _LEAD_OF_NUMBERS if asked.pseudonymised else _LEAD,
                 tuple(sections)),
            controls=_ordered((*controls, *of.controls)),
            links=() if asked.pseudonymised else _links(asked, known),
            questions=tuple(asked.questions),
        )  # fmt: skip


def _map(
    asked: Asked, of: Picked, rows: pa.Table, wanted: Wanted
) -> tuple[list[Control], Sequence[Block]]:
    """Return the map, and what it can be set to besides its samples."""
    shares = component_shares(asked, of.assay, of.one) if of.one else {}
    if of.one is None or len(shares) < 2:
        return [], (Text("There is no map: samples of one measure lie on a line."),)
    numbers = [str(n) for n in shares]
    x, y = (picked(wanted, name, numbers, numbers[i]) for i, name in enumerate("xy"))
    points = sample_points(asked, of.assay, of.one, of.condition, int(x), int(y))
    variable = variable_named(points, wanted.get("colour", ""))
    controls = [
        Control("colour", "Colour", variable.name,
                options=tuple(Option(v.name, heading(asked, v.name)) for v in points.variables)),
        *(
            Control(name, title, value, options=tuple(_component(points, n) for n in shares))
            for name, title, value in (("x", "Across", x), ("y", "Upward", y))
        ),
    ]  # fmt: skip
    if not points.table.num_rows:
        return controls, (Text(f"No sample is of {of.words}.", "warning"),)
    ringed, said = _rings(asked, points, rows)
    return controls, (map_figure(asked, points, variable, ringed, name="samples-map", said=said),)


def _ordered(controls: Sequence[Control]) -> tuple[Control, ...]:
    """Return the controls: first what is shown, then how, then what is left out."""
    order = ("assay", "samples", "colour", "x", "y", "group", "timepoint", "cell")
    return tuple(sorted(controls, key=lambda c: order.index(c.name)))


def _component(points: Points, number: int) -> Option:
    share = points.shares.get(number)
    held = "" if share is None else f", {share:.1%}"
    return Option(str(number), f"Component {number}{held}")


def _rings(asked: Asked, points: Points, rows: pa.Table) -> tuple[dict[str, str], str]:
    """Return the samples that a ring is drawn around, and what it means.

    Pseudonymised, no point is told from the others: the table names those that stand out.
    """
    if asked.pseudonymised:
        return {}, ""
    drawn = set(points.table["sample_id"].to_pylist())
    there = [r for r in rows.to_pylist() if r["sample_id"] in drawn]
    odd = [r for r in there if r["odd"]]
    words = "Ringed: what is odd, see the table."
    if not odd:
        odd = [r for r in there if r["median_r"] is not None][:_LEAST_LIKE]
        words = "No sample is far from the others; ringed are the least like them." if odd else ""
    called = {r["sample_id"]: "" if i >= _RINGS else r["sample"] for i, r in enumerate(odd)}
    return called, words


def _flags(of: Picked) -> Sequence[str]:
    """Return what is odd of the assay; what is odd of picked samples stands in the table, too."""
    return of.known.flags


def _links(asked: Asked, known: Sequence[Known]) -> tuple[Link, ...]:
    """Return the samples of all assays that stand out: from here to each in one step."""
    found: dict[str, list[str]] = {}
    for one in known:
        for sample_id in one.odd:
            found.setdefault(sample_id, []).append(one.assay.name)
    named = [(asked.names.samples[s], assays) for s, assays in found.items()]
    shown = sorted(named, key=lambda n: (-len(n[1]), len(n[0]), n[0]))[:_RINGS]
    links = [Link(f"{name} is odd in {', '.join(of)}", sample_address(name)) for name, of in shown]
    return tuple(links)
