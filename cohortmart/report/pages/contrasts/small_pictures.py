"""Small multiples of the contrasts of an analysis, a file for each kind of figure."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.p_histogram import small_p_histograms_spec
from cohortmart.report.figures.small_clouds import CELL_WIDTH
from cohortmart.report.figures.volcano import small_volcanoes_spec
from cohortmart.report.pages.contrasts.scan import Scan
from cohortmart.report.pages.contrasts.sql import P_BARS, SMALL_BINS
from cohortmart.report.pages.contrasts.words import Manner, Row
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

_PARTS = pa.schema(
    [
        ("contrast", pa.string()),
        ("contrast_order", pa.int64()),
        ("kind", pa.string()),
        *((name, pa.float64()) for name in ("x", "x2", "y", "y2", "n", "share")),
        ("direction", pa.string()),
        ("text", pa.string()),
    ]
)


def small_pictures(source: Source, manner: Manner, scan: Scan) -> tuple[Figure, ...]:
    """Return the volcanoes and the P histograms of an analysis."""
    rows = [r for r in scan.contrasts if r["in_file"]]
    if not rows:
        return ()
    found = [_volcanoes(source, manner, scan, rows)]
    found.append(_p_histograms(source, manner, scan, rows))
    return tuple(found)


def _volcanoes(source: Source, manner: Manner, scan: Scan, rows: Sequence[Row]) -> Figure:
    half, top = rows[0]["small_x"] * SMALL_BINS / 2, rows[0]["small_y"] * SMALL_BINS
    top = max(top, *(-log10(r["p_line"]) for r in rows if r["p_line"]), 0.0)
    parts = [
        *_squares(source, scan, rows, "small-volcano", "small_x", "small_y"),
        *(part for r in rows for part in _volcano_lines(source, r, half)),
        *_counts(source, rows),
    ]
    return Figure(
        f"contrasts-volcanoes-{manner.slug}",
        f"Volcano plots of {manner.analysis}",
        f"Found: {threshold_words(rows[0])}; {_most(source, rows)} {_people(source, scan, rows)}",
        f"Small volcano plots of {_shown(rows)}: {_most(source, rows)}",
        small_volcanoes_spec(
            manner.unit, manner.noun, x_domain=(-half, half), y_domain=(0.0, 1.16 * top)
        ),
        {"parts": pa.Table.from_pylist(parts, _PARTS)},
        where="file",
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def _p_histograms(source: Source, manner: Manner, scan: Scan, rows: Sequence[Row]) -> Figure:
    bars = [
        {
            "contrast": source.names.words(r["contrast"]), "contrast_order": r["place"],
            "bar": bar["i"], "n": bar["n"],
            "flat": r["n_tested"] / P_BARS if k == 0 else None,
        }
        for r in rows
        for k, bar in enumerate(scan.squares_of("p", r["place"]).to_pylist())
    ]  # fmt: skip
    most = max(rows, key=lambda r: (r["n_p_05"] / r["n_tested"], -r["place"]))
    share = most["n_p_05"] / most["n_tested"]
    return Figure(
        f"contrasts-p-values-{manner.slug}",
        f"P values of {manner.analysis}",
        f"Most lie below 0.05 in {source.names.words(most['contrast'])}: {100 * share:.1f} %. "
        f"{_people(source, scan, rows)}",
        f"Small histograms of P values of {_shown(rows)}; the largest share below 0.05 is "
        f"{100 * share:.1f} %, in {source.names.words(most['contrast'])}.",
        small_p_histograms_spec(manner.noun, P_BARS),
        {"bars": pa.Table.from_pylist(bars)},
        where="file",
        fit="columns",
        cell_width=CELL_WIDTH,
    )


def _part(source: Source, row: Row, kind: str, **values: Any) -> dict[str, Any]:
    return {
        "contrast": source.names.words(row["contrast"]),
        "contrast_order": row["place"],
        "kind": kind,
        **values,
    }


def _squares(
    source: Source, scan: Scan, rows: Sequence[Row], picture: str, x: str, y: str
) -> list[dict[str, Any]]:
    by_place = {r["place"]: r for r in rows}
    found = []
    for s in scan.squares_of(picture).to_pylist():
        row = by_place[s["place"]]
        found.append(
            _part(
                source, row, "square" if s["direction"] == "neither" else "found",
                x=s["i"] * row[x], x2=(s["i"] + 1) * row[x],
                y=s["j"] * row[y], y2=(s["j"] + 1) * row[y],
                n=float(s["n"]), share=s["share"], direction=s["direction"],
            )
        )  # fmt: skip
    return found


def _volcano_lines(source: Source, row: Row, half: float) -> list[dict[str, Any]]:
    size = row["threshold_log_fc"]
    # a line beyond the frame would be drawn over the neighbours
    sizes = (-size, size) if size and size <= half else ()
    lines = [_part(source, row, "x_line", x=s) for s in sizes]
    if row["p_line"]:
        lines.append(_part(source, row, "y_line", y=-log10(row["p_line"])))
    return lines


def _counts(source: Source, rows: Sequence[Row]) -> list[dict[str, Any]]:
    signs = {"up": "\u25b2", "down": "\u25bc"}
    return [
        _part(source, r, "count", direction=way, text=f"{sign} {r[f'n_{way}']:,} {way}")
        for r in rows
        for way, sign in signs.items()
    ]


def _shown(rows: Sequence[Row]) -> str:
    return counted(len(rows), "contrast")


def _most(source: Source, rows: Sequence[Row]) -> str:
    most = max(rows, key=lambda r: (r["n_found"], -r["place"]))
    if most["n_found"] == 0:
        return "nothing is found in any."
    return (
        f"most are found in {source.names.words(most['contrast'])}, {most['n_up']:,} up and "
        f"{most['n_down']:,} down."
    )


def _people(source: Source, scan: Scan, rows: Sequence[Row]) -> str:
    def span(name: str, noun: str, nouns: str) -> str:
        low, high = min(r[name] for r in rows), max(r[name] for r in rows)
        return counted(low, noun, nouns) if low == high else f"{low:,} to {high:,} {nouns}"

    people = span("n_subjects", source.subject.one, source.subject.many)
    said = f"{span('n_samples', 'sample', 'samples')} of {people}"
    if len(rows) < scan.n_tested:
        first = f"The first {len(rows)} of {scan.n_tested} contrasts in the order of the study."
        return f"{first} Each: {said}."
    return f"Each: {said}."
