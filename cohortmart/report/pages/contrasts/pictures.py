"""Figures of one contrast, drawn in the page: volcano, mean-difference plot, P values."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.report.blocks import Figure
from cohortmart.report.figures.label_places import placed_labels
from cohortmart.report.figures.mean_difference import mean_difference_spec
from cohortmart.report.figures.p_histogram import p_histogram_spec
from cohortmart.report.figures.volcano import volcano_spec
from cohortmart.report.pages.contrasts.scan import POINTS, Scan
from cohortmart.report.pages.contrasts.sql import P_BARS
from cohortmart.report.pages.contrasts.words import Manner, Row, compared_words
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

_LINES = pa.schema([(name, pa.float64()) for name in ("x", "x2", "y", "y2")])
_POINTS = pa.schema(
    [("x", pa.float64()), ("y", pa.float64()), ("direction", pa.string()), ("name", pa.string())]
)
_LABELS = pa.schema(
    [("x", pa.float64()), ("y", pa.float64()), ("text", pa.string()), ("side", pa.string())]
)
Domain = tuple[float, float]


def volcano_figure(source: Source, manner: Manner, scan: Scan, row: Row) -> Figure:
    """Return the volcano plot of a contrast."""
    sizes = [row["threshold_log_fc"]] if row["threshold_log_fc"] else []
    reach = 1.06 * max(row["x_max"], row["x_width"], *sizes)
    heights = [-log10(row["p_line"])] if row["p_line"] else []
    top = 1.14 * max(row["y_max"], row["y_width"], *heights)
    lines = [("y", h) for h in heights] + [("x", s) for z in sizes for s in (-z, z)]
    features = scan.strongest_of(row["place"])[:POINTS]
    points = [(f["log_fc"], f["height"], f) for f in features]
    name = source.names.words(row["contrast"])
    return Figure(
        f"contrasts-volcano-{manner.slug}-{row['place']}",
        f"Volcano plot of {name} in {manner.analysis}",
        f"Right: up. Higher: less likely by chance. Grey squares count {manner.noun}s that are "
        f"not found, coloured ones hold found ones "
        f"({threshold_words(row)}); marks are the {POINTS} with the smallest P"
        f"{'; dashed: the threshold' if lines else ''}. {compared_words(source, row)}.",
        _volcano_alt(manner, row, features),
        volcano_spec(manner.unit, manner.noun),
        _cloud(
            scan.squares_of("volcano", row["place"]), points, lines,
            (row["x_width"], row["y_width"]), (-reach, reach), (0.0, top),
        ),
        where="page",
        max_width=620,
    )  # fmt: skip


def mean_difference_figure(source: Source, manner: Manner, scan: Scan, row: Row) -> Figure | None:
    """Return the mean-difference plot of a contrast, None where no mean level is known."""
    if row["m_min"] is None:
        return None
    sizes = [row["threshold_log_fc"]] if row["threshold_log_fc"] else []
    reach = 1.12 * max(row["x_max"], row["x_width"], *sizes)
    margin = max(0.03 * (row["m_max"] - row["m_min"]), row["m_width"])
    features = scan.strongest_of(row["place"])[:POINTS]
    points = [(f["ave_expr"], f["log_fc"], f) for f in features if f["ave_expr"] is not None]
    lines = [("y", 0.0)] + [("y", s) for z in sizes for s in (-z, z)]
    name = source.names.words(row["contrast"])
    return Figure(
        f"contrasts-mean-difference-{manner.slug}-{row['place']}",
        f"Change by mean level, {name} in {manner.analysis}",
        f"Above the dashed zero line: up. A cloud that leans or bends says that the change "
        f"follows the mean level, a sign of poor normalisation. {compared_words(source, row)}.",
        f"Change of {row['n_tested']:,} {manner.noun}s against their mean level, from "
        f"{row['m_min']:.3g} to {row['m_max']:.3g} {manner.unit}; the largest change is "
        f"{row['x_max']:.3g} {manner.unit}; {row['n_up']:,} are up and {row['n_down']:,} down.",
        mean_difference_spec(manner.unit, manner.noun),
        _cloud(
            scan.squares_of("mean-difference", row["place"]), points, lines,
            (row["m_width"], row["x_width"]),
            (row["m_min"] - margin, row["m_max"] + margin), (-reach, reach),
        ),
        where="page",
        max_width=620,
    )  # fmt: skip


def p_histogram_figure(source: Source, manner: Manner, scan: Scan, row: Row) -> Figure:
    """Return the histogram of the P values of a contrast."""
    squares = scan.squares_of("p", row["place"])
    bars = pa.table({"bar": squares["i"], "n": squares["n"]})
    name = source.names.words(row["contrast"])
    share = row["n_p_05"] / row["n_tested"]
    return Figure(
        f"contrasts-p-{manner.slug}-{row['place']}",
        f"P values of {name} in {manner.analysis}",
        "Without any difference all bars reach the dashed line. A peak at the left means real "
        "differences; a hill elsewhere, that the model does not fit. "
        f"{compared_words(source, row)}.",
        f"Histogram of {row['n_tested']:,} P values: {row['n_p_05']:,} ({share:.1%}) lie below "
        "0.05, where chance alone gives 5 %.",
        p_histogram_spec(manner.noun, P_BARS),
        {"bars": bars, "flat": pa.table({"value": [row["n_tested"] / P_BARS]})},
        where="page",
        max_width=620,
    )


def _volcano_alt(manner: Manner, row: Row, features: Sequence[Row]) -> str:
    said = (
        f"Volcano plot of {row['n_tested']:,} {manner.noun}s: {row['n_up']:,} up and "
        f"{row['n_down']:,} down ({threshold_words(row)})."
    )
    if features:
        best = features[0]
        said += (
            f" Strongest: {feature_name(best)}, change {best['log_fc']:.2g} {manner.unit}, "
            f"P = {best['p_value']:.2g}."
        )
    return said


def feature_name(feature: Row) -> str:
    """Return the gene's name, with the id where that says something else."""
    genes, feature_id = feature["genes"], feature["feature_id"]
    return feature_id if genes in (None, feature_id) else f"{genes} ({feature_id})"


def _cloud(
    squares: pa.Table,
    points: Sequence[tuple[float, float, Row]],
    lines: Sequence[tuple[str, float]],
    widths: Domain,
    x_domain: Domain,
    y_domain: Domain,
) -> dict[str, pa.Table]:
    """Return the data sets of `cloud_spec`."""
    is_found = pc.not_equal(squares["direction"], "neither")
    frame: dict[str, Any] = dict(
        zip(("x_low", "x_high", "y_low", "y_high"), (*x_domain, *y_domain), strict=True)
    )
    frame |= {"key": 1, "x_width": widths[0], "y_width": widths[1]}
    labels = placed_labels(
        [(x, y, f["genes"] or f["feature_id"]) for x, y, f in points], x_domain, y_domain
    )
    return {
        "frame": pa.Table.from_pylist([frame]),
        "squares": squares.filter(pc.invert(is_found)).select(["i", "j", "n"]),
        "found": _found_squares(squares.filter(is_found), squares),
        "lines": pa.Table.from_pylist(_segments(lines, x_domain, y_domain), _LINES),
        "points": pa.Table.from_pylist(
            [
                {"x": x, "y": y, "direction": f["direction"], "name": feature_name(f)}
                for x, y, f in points
            ],
            _POINTS,
        ),
        "labels": pa.Table.from_pylist([vars(label) for label in labels], _LABELS),
    }


def _found_squares(found: pa.Table, squares: pa.Table) -> pa.Table:
    """Return the squares of what is found; where nothing is, one that does not show."""
    if found.num_rows == 0:
        unseen = squares.slice(0, 1).to_pylist()[0] | {"n": 0, "share": 0.0}
        found = pa.Table.from_pylist([unseen], squares.schema)
    return found.select(["i", "j", "n", "share", "direction"])


def _segments(
    lines: Sequence[tuple[str, float]], x_domain: Domain, y_domain: Domain
) -> list[dict[str, float]]:
    """Return lines across the picture; one without length where there are none."""
    (x, x2), (y, y2) = x_domain, y_domain
    found = [
        {"x": v, "x2": v, "y": y, "y2": y2} if axis == "x" else {"x": x, "x2": x2, "y": v, "y2": v}
        for axis, v in lines
    ]
    return found or [{"x": x, "x2": x, "y": y, "y2": y}]
