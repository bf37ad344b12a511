"""First against second change of a group and of another: where the answer lies in both."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.rebound.question import Question
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.change_scatter import CLASS_WORDS, change_lines, change_scatter
from cohortmart.report.figures.density import CELL_WIDTH
from cohortmart.report.pages.rebound.changes import BINNED, MOST_POINTS, correlation_table, slopes
from cohortmart.report.pages.rebound.names import label
from cohortmart.report.pages.rebound.words import correlation_words, people

#: Numbers only: no name of 840,000 is read.
_CHANGES = """
    select cast(list_position($firsts, first_contrast) as integer) as panel,
        log_fc_first as x, log_fc_second as y
    from {rebounds}
    where analysis = $analysis and pair = $pair and list_contains($firsts, first_contrast)
        and log_fc_first is not null and log_fc_second is not null
"""
_SPREAD = """
    select panel, stddev_samp(y) / nullif(stddev_samp(x), 0e0) as spread,
        quantile_disc(greatest(abs(x), abs(y)), 0.999e0) as size
    from ({points}) group by panel order by panel
"""
_BEHIND, _SHOWN = "staging.stg_results__rebounds", "rebound"


def changes_picture(asked: Asked, question: Question, rows: pa.Table) -> Figure:
    """Return a panel a group: all features as density, those of the answer as points.

    Parameters
    ----------
    asked : Asked
    question : Question
    rows : pyarrow.Table
        The answer, as of `linked_names`.
    """
    pair = question.pair
    points = _points(question, rows.slice(0, MOST_POINTS))
    given = {"analysis": pair.analysis, "pair": pair.pair, "firsts": pair.firsts}
    spread = _asked(asked, _SPREAD, given)
    drawn = [abs(v) for name in ("first", "second") for v in points[name].to_pylist()]
    limit = max([row["size"] for row in spread] + sorted(drawn)[: int(0.98 * len(drawn))] + [1e-9])
    binning = {"bins": asked.detail.bins, "step": 2 * limit / asked.detail.bins, "limit": limit}
    cells = asked.table(
        BINNED.format(points=_CHANGES.format(rebounds=_BEHIND)),
        given | binning,
        shown=BINNED.format(points=_CHANGES.format(rebounds=_SHOWN)),
    )
    swings = f"{pair.noun}s that swing back in {question.group}"
    titles = [f"{question.group}: what swings back"]
    if question.compared is not None:
        titles.append(f"{question.compared}: the same {pair.noun}s")
    known = [name for name, words in CLASS_WORDS.items() if words in points["class"].to_pylist()]
    spec = change_scatter(titles, pair.changes, pair.unit, pair.noun, known)
    some = f"Symbols: the first {MOST_POINTS} of {rows.num_rows:,}. " * (
        rows.num_rows > MOST_POINTS
    )
    return Figure(
        "rebound-changes",
        f"First and second change of each {pair.noun}",
        f"{some}{_where(question)}{people(asked, pair)}",
        " ".join(
            f"{title}: {correlation_words(m)}"
            for title, m in zip(pair.titles, pair.members, strict=True)
        )
        + f" Points: {swings}.",
        spec,
        {
            "cells": cells,
            "points": _within(points, limit),
            "lines": change_lines(
                limit, slopes(pair.members, {r["panel"]: r["spread"] for r in spread})
            ),
            "labels": correlation_table(pair.members),
        },
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def _where(question: Question) -> str:
    if question.compared is None:
        return ""
    return (
        f"Who lies in the same corner in {question.compared} swings there too, only less surely. "
    )


def _asked(asked: Asked, query: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    behind, shown = (
        query.format(points=_CHANGES.format(rebounds=table)) for table in (_BEHIND, _SHOWN)
    )
    rows: list[dict[str, Any]] = asked.table(behind, given, shown=shown).to_pylist()
    return rows


def _points(question: Question, rows: pa.Table) -> pa.Table:
    """Return the features of the answer once a panel, in the colours of the first group."""
    own = pa.array(
        [
            label(i, name)
            for i, name in zip(
                rows["feature_id"].to_pylist(), rows["gene_name"].to_pylist(), strict=True
            )
        ],
        pa.string(),
    )
    parts = []
    columns = [("log_fc_first", "log_fc_second")]
    if question.compared is not None:
        columns.append(("other_first", "other_second"))
    for panel, (first, second) in enumerate(columns, start=1):
        parts.append(
            pa.table(
                {
                    "panel": pa.array([panel] * rows.num_rows, pa.int32()),
                    "class": rows["class"],
                    "first": rows[first],
                    "second": rows[second],
                    "feature": own,
                    "address": rows["address"],
                }
            )
        )
    points = pa.concat_tables(parts)
    return points.filter(
        pa.array([None not in pair for pair in zip(*_both(points), strict=True)], pa.bool_())
    )


def _both(points: pa.Table) -> tuple[list[float | None], list[float | None]]:
    return points["first"].to_pylist(), points["second"].to_pylist()


def _within(points: pa.Table, limit: float) -> pa.Table:
    """Return points with `x` and `y`; those further out are on the edge."""
    for name, values in zip(("x", "y"), _both(points), strict=True):
        cut = [max(-limit, min(limit, value)) for value in values if value is not None]
        points = points.append_column(name, pa.array(cut, pa.float64()))
    return points
