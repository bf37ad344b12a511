"""First change against second, and what becomes of the first: figures by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

from cohortmart.report.blocks import Figure
from cohortmart.report.figures import alluvial as flow
from cohortmart.report.figures.change_scatter import CLASS_WORDS, change_lines, change_scatter
from cohortmart.report.figures.density import CELL_WIDTH
from cohortmart.report.pages.rebound.names import in_list, named
from cohortmart.report.pages.rebound.pairs import ReboundPair
from cohortmart.report.pages.rebound.words import (
    correlation_lines,
    correlation_words,
    people,
)
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

#: Points of found features in a panel; of more, those with the smallest P values are drawn.
MOST_POINTS = 300

#: Cells of a density picture: `panel`, the edges, and how many features; those further out are
#: in the outermost cells.
BINNED = """
    select panel, i * $step - $limit as x, (i + 1) * $step - $limit as x2,
        j * $step - $limit as y, (j + 1) * $step - $limit as y2, count(*) as n
    from (
        select panel,
            greatest(0, least($bins - 1, floor((x + $limit) / $step))) as i,
            greatest(0, least($bins - 1, floor((y + $limit) / $step))) as j
        from ({points})
    )
    group by panel, i, j
    order by panel, i, j
"""
_CHANGES = """
    select cast(list_position($firsts, first_contrast) as integer) as panel, feature_id,
        log_fc_first as x, log_fc_second as y
    from rebound
    where analysis = $analysis and pair = $pair
        and log_fc_first is not null and log_fc_second is not null
"""
_SLOPES = """
    select list_position($firsts, first_contrast) as panel,
        stddev_samp(log_fc_second) / nullif(stddev_samp(log_fc_first), 0e0) as spread
    from rebound
    where analysis = $analysis and pair = $pair
        and log_fc_first is not null and log_fc_second is not null
    group by first_contrast
"""
_FOUND = """
    select cast(list_position($firsts, first_contrast) as integer) as panel, feature_id, class,
        greatest(-$limit, least($limit, log_fc_first)) as x,
        greatest(-$limit, least($limit, log_fc_second)) as y,
        log_fc_first as first, log_fc_second as second
    from rebound
    where analysis = $analysis and pair = $pair and is_found and class is not null
    qualify row_number() over (
        partition by first_contrast order by greatest(p_first, p_second), feature_id
    ) <= $most
    order by panel, feature_id
"""
_FLOWS = """
    with members as (
        select unnest(range(1, len($firsts) + 1)) as panel,
            unnest($firsts) as first_contrast, unnest($seconds) as second_contrast
    ),
    found as (
        select contrast, {feature} as feature_id,
            case when direction in ('up', 'hyper') then 'up' else 'down' end as direction
        from {table}
        where analysis = $analysis and contrast in {contrasts}
    ),
    of_first as (
        select m.panel, f.feature_id, f.direction
        from members as m inner join found as f on f.contrast = m.first_contrast
    ),
    of_second as (
        select m.panel, f.feature_id, f.direction
        from members as m inner join found as f on f.contrast = m.second_contrast
    )
    select coalesce(a.panel, b.panel) as panel, coalesce(a.direction, 'unclear') as first,
        coalesce(b.direction, 'unclear') as second, count(*) as n
    from of_first as a
    full join of_second as b on a.panel = b.panel and a.feature_id = b.feature_id
    group by 1, 2, 3
"""


def changes_figure(source: Source, pair: ReboundPair) -> Figure:
    """Return the density scatter of the two changes, a panel for each group."""
    cells = source.table(BINNED.format(points=_CHANGES), _binning(source, pair))
    points = named(
        source, pair, source.table(_FOUND, _keys(pair) | {"most": MOST_POINTS, "limit": pair.limit})
    )
    classes = set(points["class"].to_pylist())
    words = [CLASS_WORDS[c] for c in points["class"].to_pylist()]
    points = points.set_column(
        points.column_names.index("class"), "class", pa.array(words, pa.string())
    )
    return Figure(
        f"rebound-changes-{pair.slug}",
        f"First and second change of each {pair.noun}: {pair.analysis}, {pair.pair}",
        _changes_caption(
            source, pair, {m["n_found"] > MOST_POINTS for m in pair.members} == {False}
        ),
        " ".join(
            f"{title}: {correlation_words(m)}"
            for title, m in zip(pair.titles, pair.members, strict=True)
        ),
        change_scatter(pair.titles, pair.changes, pair.unit, pair.noun, sorted(classes)),
        {
            "cells": cells,
            "points": points,
            "lines": change_lines(pair.limit, slopes(pair.members, _spread(source, pair))),
            "labels": correlation_table(pair.members),
        },
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def classes_figure(source: Source, pair: ReboundPair) -> Figure | None:
    """Return what becomes of the first change as bands; None where nothing is found."""
    table, feature = pair.kind.found, pair.kind.feature_column
    keys = {"analysis": pair.analysis, "firsts": pair.firsts, "seconds": pair.seconds}
    contrasts = in_list([*pair.firsts, *pair.seconds])
    rows = source.rows(_FLOWS.format(table=table, feature=feature, contrasts=contrasts), keys)
    flows = [
        {(r["first"], r["second"]): r["n"] for r in rows if r["panel"] == i}
        for i in range(1, len(pair.members) + 1)
    ]
    shown = [i for i, of_panel in enumerate(flows) if of_panel]
    if not shown:
        return None
    titles = [pair.titles[i] for i in shown]
    heads = [(f"First: {pair.firsts[i]}", f"Then: {pair.seconds[i]}") for i in shown]
    if pair.visits:
        first, second = (f"{before} to {after}" for before, after in pairwise(pair.visits))
        heads = [(first, second)] * len(shown)
    kinds = {flow.band_kind(*key) for i in shown for key in flows[i]}
    return Figure(
        f"rebound-classes-{pair.slug}",
        f"What becomes of the first change: {pair.analysis}, {pair.pair}",
        _classes_caption(source, pair),
        " ".join(_flow_words(title, flows[i]) for title, i in zip(titles, shown, strict=True)),
        flow.alluvial(titles, pair.noun, sorted(kinds)),
        flow.alluvial_geometry([flows[i] for i in shown], heads),
        fit="columns",
        cell_width=flow.CELL_WIDTH,
    )


def _keys(pair: ReboundPair) -> dict[str, Any]:
    return {"analysis": pair.analysis, "pair": pair.pair, "firsts": pair.firsts}


def _binning(source: Source, pair: ReboundPair) -> dict[str, Any]:
    bins = source.detail.bins
    cells = {"bins": bins, "step": 2 * pair.limit / bins, "limit": pair.limit}
    return _keys(pair) | cells


def _spread(source: Source, pair: ReboundPair) -> dict[int, float | None]:
    return {row["panel"]: row["spread"] for row in source.rows(_SLOPES, _keys(pair))}


def slopes(
    members: Sequence[Mapping[str, Any]], spread: Mapping[int, float | None]
) -> list[tuple[float | None, float | None]]:
    """Return the slope of the second change on the first, as measured and without an effect.

    Parameters
    ----------
    members : sequence of mapping
        As of `ReboundPair`.
    spread : mapping of int to float or None
        By place of the member, from 1: standard deviation of the second change over that of the
        first.
    """
    found = []
    for i, member in enumerate(members, start=1):
        ratio = spread.get(i)
        measured, no_effect = (
            None if ratio is None or r is None else r * ratio
            for r in (member["r"], member["r_no_effect"])
        )
        found.append((measured, no_effect))
    return found


def correlation_table(members: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the words above each panel: `panel`, `r`, `biological` and `reading`."""
    lines = [correlation_lines(member) for member in members]
    return pa.table(
        {
            "panel": pa.array(range(1, len(lines) + 1), pa.int32()),
            "r": pa.array([r for r, _, _ in lines], pa.string()),
            "biological": pa.array([biological for _, biological, _ in lines], pa.string()),
            "reading": pa.array([reading for _, _, reading in lines], pa.string()),
        }
    )


def _changes_caption(source: Source, pair: ReboundPair, all_drawn: bool) -> str:
    which = "" if all_drawn else f"Symbols: the {MOST_POINTS} clearest of each panel. "
    return f"{which}{people(source, pair)}"


def _classes_caption(source: Source, pair: ReboundPair) -> str:
    rows = source.rows(
        "select * from contrast_summary where analysis = ? and contrast = ?",
        [pair.analysis, pair.firsts[0]],
    )
    rule = f"Counted: {threshold_words(rows[0])} in one change or both. " if rows else ""
    return f"{rule}{people(source, pair)}"


def _flow_words(title: str, flows: dict[tuple[str, str], int]) -> str:
    risen = sum(n for (first, _), n in flows.items() if first == "up")
    fallen = sum(n for (first, _), n in flows.items() if first == "down")
    return (
        f"{title}: of {risen:,} up at first, {flows.get(('up', 'down'), 0):,} go down "
        f"afterwards; of {fallen:,} down at first, {flows.get(('down', 'up'), 0):,} go "
        "up."
    )
