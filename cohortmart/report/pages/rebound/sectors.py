"""Groups against the reference group: one's changes against the other's."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.density import CELL_WIDTH
from cohortmart.report.figures.sectors import (
    OPPOSITE,
    Comparison,
    more_in,
    sector_geometry,
    sector_scatter,
)
from cohortmart.report.pages.rebound.changes import BINNED, MOST_POINTS
from cohortmart.report.pages.rebound.names import named
from cohortmart.report.pages.rebound.pairs import ReboundPair
from cohortmart.report.pages.rebound.words import people
from cohortmart.report.source import Source

_AGREEMENT = """
    select * from group_agreement
    where analysis = $analysis and pair = $pair and n_features > 0
    order by list_position($groups, study_group), study_group, change, sector_order
"""
#: A row a feature and panel: `x` in the reference group, `y` in the group.
_BOTH = """
    select unnest([
            {{'panel': {first_panel}, 'x': r.log_fc_first, 'y': g.log_fc_first}},
            {{'panel': {second_panel}, 'x': r.log_fc_second, 'y': g.log_fc_second}}
        ], recursive := true),
        g.feature_id, g.is_found or r.is_found as is_found,
        least(greatest(g.p_first, g.p_second), greatest(r.p_first, r.p_second)) as p
    from rebound as g
    inner join rebound as r on g.feature_id = r.feature_id
    where {group} and {reference}
"""
_FOUND = """
    select cast(panel as integer) as panel, feature_id,
        greatest(-$limit, least($limit, x)) as x, greatest(-$limit, least($limit, y)) as y,
        x as reference, y as "group",
        case when x * y < 0 then 'opposite' when abs(y) > abs(x) then 'group' else 'reference' end
            as kind
    from ({points})
    where is_found and x * y <> 0 and x <> y
    qualify row_number() over (partition by panel order by p, feature_id) <= $most
    order by panel, feature_id
"""


def sectors_figure(source: Source, pair: ReboundPair) -> Figure | None:
    """Return each change of the groups against the reference group's, cut into six sectors.

    None where no two groups have the pair or nothing is found in either.
    """
    if not source.has_rows("group_agreement"):
        return None
    keys = {"analysis": pair.analysis, "pair": pair.pair, "groups": list(source.groups)}
    counted = [
        (key, list(rows))
        for key, rows in groupby(
            source.rows(_AGREEMENT, keys),
            key=lambda row: (row["study_group"], row["reference_group"], row["change"]),
        )
    ]
    if not counted:
        return None
    called = dict(zip(("first", "second"), pair.changes, strict=True))
    panels = [
        Comparison(f"{called[change]}: {group} and {reference}", group, reference)
        for (group, reference, change), _ in counted
    ]
    data = _data(source, pair, [key for key, _ in counted])
    shares = [{r["sector_order"]: (r["n"], r["share"]) for r in rows} for _, rows in counted]
    return Figure(
        f"rebound-sectors-{pair.slug}",
        f"The same change in two groups: {pair.analysis}, {pair.pair}",
        _caption(source, pair, [rows[0] for _, rows in counted]),
        " ".join(
            _words(panel.title, rows) for panel, (_, rows) in zip(panels, counted, strict=True)
        ),
        sector_scatter(panels, pair.unit, pair.noun, source.groups),
        data | sector_geometry(pair.limit, shares),
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def _data(
    source: Source, pair: ReboundPair, keys: list[tuple[str, str, str]]
) -> dict[str, pa.Table]:
    """Return cells and points of all panels, which stand in the order of the keys."""
    bins = source.detail.bins
    binning = {"bins": bins, "step": 2 * pair.limit / bins, "limit": pair.limit}
    cells, points = [], []
    for group, reference in dict.fromkeys((g, r) for g, r, _ in keys):
        both = _BOTH.format(
            first_panel=keys.index((group, reference, "first")) + 1,
            second_panel=keys.index((group, reference, "second")) + 1,
            group=f"{pair.where('g')} and g.study_group = {literal(group)}",
            reference=f"{pair.where('r')} and r.study_group = {literal(reference)}",
        )
        measured = f"select * from ({both}) where x is not null and y is not null"
        cells.append(source.table(BINNED.format(points=measured), binning))
        found = source.table(_FOUND.format(points=both), {"limit": pair.limit, "most": MOST_POINTS})
        points.append(_in_words(found, group, reference))
    return {
        "cells": pa.concat_tables(cells),
        "points": named(source, pair, pa.concat_tables(points)),
    }


def _in_words(points: pa.Table, group: str, reference: str) -> pa.Table:
    words = {"opposite": OPPOSITE, "group": more_in(group), "reference": more_in(reference)}
    kinds = pa.array([words[kind] for kind in points["kind"].to_pylist()], pa.string())
    return points.set_column(points.column_names.index("kind"), "kind", kinds)


def _caption(source: Source, pair: ReboundPair, rows: list[dict[str, Any]]) -> str:
    n = max(row["n_features"] for row in rows)
    drawn = "" if n <= MOST_POINTS else f", of which the {MOST_POINTS} clearest are drawn"
    found = counted(n, pair.noun)
    return f"Numbers: the {found} found in either group{drawn}. {people(source, pair)}"


def _words(title: str, rows: list[dict[str, Any]]) -> str:
    said = ", ".join(f"{row['n']:,} {row['sector']}" for row in rows)
    return f"{title}: {said}."
