"""Clouds of a contrast: its volcano and mean-difference plots, in the page and as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.report.blocks import FeaturePoints, Features, Figure
from cohortmart.report.figures.cells_file import Cell
from cohortmart.report.figures.cloud_file import PLOTS, CloudFile
from cohortmart.report.figures.feature_cloud import without_empty
from cohortmart.report.figures.label_places import placed_labels
from cohortmart.report.figures.mean_difference import mean_difference_spec
from cohortmart.report.figures.volcano import Y_TITLE, volcano_spec
from cohortmart.report.pages.contrasts.paths_sql import PATHS
from cohortmart.report.pages.contrasts.scan import POINTS, Scan
from cohortmart.report.pages.contrasts.words import Manner, Row, compared_words
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

#: Features of an analysis that are drawn as dots; of more, squares count them.
MOST_DOTS = 20_000
_LINES = pa.schema([(name, pa.float64()) for name in ("x", "x2", "y", "y2")])
_POINTS = pa.schema(
    [("x", pa.float64()), ("y", pa.float64()), ("direction", pa.string()), ("name", pa.string())]
)
_LABELS = pa.schema(
    [("x", pa.float64()), ("y", pa.float64()), ("text", pa.string()), ("side", pa.string())]
)
Domain = tuple[float, float]
Kind = Literal["volcano", "mean-difference"]


@dataclass(frozen=True, eq=False)
class Clouds:
    """What the clouds of an analysis are drawn from.

    Parameters
    ----------
    scan : Scan
    features : Features
    paths : mapping
        By picture, place and width: (direction, SVG path of the dots); empty where squares count.
    """

    scan: Scan
    features: Features
    paths: Mapping[tuple[str, int, int], Sequence[tuple[str, str]]]

    @property
    def has_dots(self) -> bool:
        """Whether the page has every feature, few enough to draw each."""
        return self.features.is_whole and self.features.n <= MOST_DOTS


def clouds_of(source: Source, manner: Manner, scan: Scan, features: Features) -> Clouds:
    """Return what the clouds of an analysis are drawn from; `scan` comes first."""
    found: dict[tuple[str, int, int], list[tuple[str, str]]] = {}
    if features.n_tested <= MOST_DOTS:
        for r in source.rows(PATHS, {"analysis": manner.analysis}):
            key = (r["picture"], r["place"], r["width"])
            found.setdefault(key, []).append((r["direction"], r["path"]))
    return Clouds(scan, features, found)


def volcano_figure(source: Source, manner: Manner, clouds: Clouds, row: Row) -> Figure:
    """Return the volcano plot of a contrast."""
    features = clouds.scan.strongest_of(row["place"])[:POINTS]
    heights = [-log10(max(row["p_line"], 1e-320))] if row["p_line"] else []
    lines = [("y", h) for h in heights] + [("x", s) for s in _sizes(row)]
    cloud = _Cloud(
        "volcano",
        [(f["log_fc"], f["height"], f) for f in features],
        lines,
        (row["x_width"], row["y_width"]),
        (-row["reach"], row["reach"]),
        (0.0, row["top"]),
    )
    name, data = source.names.words(row["contrast"]), cloud.data(clouds, row)
    return Figure(
        f"contrasts-volcano-{manner.slug}-{row['place']}",
        f"Volcano plot of {name} in {manner.analysis}",
        _volcano_words(source, manner, clouds, row),
        _volcano_alt(manner, row, features),
        _drawn(volcano_spec(manner.unit, manner.noun, dots=clouds.has_dots), data, row),
        data,
        max_width=620,
        drawing=cloud.file(source, manner, clouds, row, f"Change ({manner.unit})", Y_TITLE).svg,
    )


def mean_difference_figure(
    source: Source, manner: Manner, clouds: Clouds, row: Row
) -> Figure | None:
    """Return the mean-difference plot of a contrast, None where no mean level is known."""
    if row["m_min"] is None:
        return None
    features = clouds.scan.strongest_of(row["place"])[:POINTS]
    cloud = _Cloud(
        "mean-difference",
        [(f["ave_expr"], f["log_fc"], f) for f in features if f["ave_expr"] is not None],
        [("y", 0.0)] + [("y", s) for s in _sizes(row)],
        (row["m_width"], row["x_width"]),
        (row["m_from"], row["m_to"]),
        (-row["reach"], row["reach"]),
    )
    name, data = source.names.words(row["contrast"]), cloud.data(clouds, row)
    titles = (f"Mean level ({manner.unit})", f"Change ({manner.unit})")
    return Figure(
        f"contrasts-mean-difference-{manner.slug}-{row['place']}",
        f"Change by mean level, {name} in {manner.analysis}",
        f"Changes reach {row['x_max']:.3g} {manner.unit}, at mean levels from "
        f"{row['m_min']:.3g} to {row['m_max']:.3g}. {compared_words(source, row)}.",
        f"Change of {row['n_tested']:,} {manner.noun}s against their mean level, from "
        f"{row['m_min']:.3g} to {row['m_max']:.3g} {manner.unit}; the largest change is "
        f"{row['x_max']:.3g} {manner.unit}; {row['n_up']:,} are up and {row['n_down']:,} down.",
        _drawn(mean_difference_spec(manner.unit, manner.noun, dots=clouds.has_dots), data, row),
        data,
        max_width=620,
        drawing=cloud.file(source, manner, clouds, row, *titles).svg,
    )


def _drawn(spec: dict[str, Any], data: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """Return a cloud without the layers that have nothing to draw in this contrast."""
    return without_empty(spec, data, row["n_up"] + row["n_down"], row["n_tested"])


def feature_name(feature: Row) -> str:
    """Return the gene's name, with the id where that says something else."""
    genes, feature_id = feature["genes"], feature["feature_id"]
    return feature_id if genes in (None, feature_id) else f"{genes} ({feature_id})"


def _sizes(row: Row) -> tuple[float, ...]:
    """Return where the smallest change that counts lies, up and down."""
    size = row["threshold_log_fc"]
    return (-size, size) if size else ()


def _volcano_words(source: Source, manner: Manner, clouds: Clouds, row: Row) -> str:
    found = f"{row['n_up']:,} up and {row['n_down']:,} down of {row['n_tested']:,} {manner.noun}s"
    drawn = "" if clouds.has_dots else "; squares count them, the 60 strongest are marks"
    return f"{found} ({threshold_words(row)}){drawn}. {compared_words(source, row)}."


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


@dataclass(frozen=True, eq=False)
class _Cloud:
    """One picture: its strongest points, lines, widths of squares, and ends of its axes."""

    kind: Kind
    points: Sequence[tuple[float, float, Row]]
    lines: Sequence[tuple[str, float]]
    widths: Domain
    x_domain: Domain
    y_domain: Domain

    def data(self, clouds: Clouds, row: Row) -> dict[str, pa.Table | FeaturePoints]:
        """Return the data sets of `cloud_spec`."""
        frame: dict[str, Any] = dict(
            zip(("x_low", "x_high", "y_low", "y_high"), (*self.x_domain, *self.y_domain),
                strict=True)
        )  # fmt: skip
        frame |= {"key": 1, "x_width": self.widths[0], "y_width": self.widths[1]}
        frame |= dict(zip(("up", "down"), _corner_words(row), strict=True))
        labels = placed_labels(
            [(x, y, f["genes"] or f["feature_id"]) for x, y, f in self.points],
            self.x_domain, self.y_domain,
        )  # fmt: skip
        lines = _segments(self.lines, self.x_domain, self.y_domain)
        found: dict[str, pa.Table | FeaturePoints] = {
            "frame": pa.Table.from_pylist([frame]),
            "lines": pa.Table.from_pylist(lines, _LINES),
            "labels": pa.Table.from_pylist([vars(label) for label in labels], _LABELS),
        }
        if clouds.has_dots:
            is_volcano = self.kind == "volcano"
            found["features"] = FeaturePoints(
                clouds.features, row["place"],
                "log_fc" if is_volcano else "level", "height" if is_volcano else "log_fc",
            )  # fmt: skip
            return found
        squares = clouds.scan.squares_of(self.kind, row["place"])
        is_found = pc.not_equal(squares["direction"], "neither")
        points = [
            {"x": x, "y": y, "direction": f["direction"], "name": feature_name(f)}
            for x, y, f in self.points
        ]
        return found | {
            "squares": squares.filter(pc.invert(is_found)).select(["i", "j", "n"]),
            "found": _found_squares(squares.filter(is_found), squares),
            "points": pa.Table.from_pylist(points, _POINTS),
        }

    def file(
        self, source: Source, manner: Manner, clouds: Clouds, row: Row, x_title: str, y_title: str
    ) -> CloudFile:
        """Return the picture as it is written to a file."""
        place, (across, up) = row["place"], self.widths
        paths = {width: clouds.paths.get((self.kind, place, width), ()) for width in PLOTS}
        cells: list[Cell] = []
        if not clouds.paths:
            cells = [
                Cell(s["i"] * across, s["j"] * up, (s["i"] + 1) * across, (s["j"] + 1) * up,
                     s["n"], s["share"], s["direction"])
                for s in clouds.scan.squares_of(self.kind, place).to_pylist()
            ]  # fmt: skip
        return CloudFile(
            x_title=x_title,
            y_title=y_title,
            x_domain=self.x_domain,
            y_domain=self.y_domain,
            changes="x" if self.kind == "volcano" else "y",
            corners=_corner_words(row),
            lines=self.lines,
            points=[
                (x, y, f["direction"], source.names.words(f["genes"] or f["feature_id"]))
                for x, y, f in self.points
            ],
            paths=paths,
            cells=cells,
            noun=manner.noun,
        )


def _corner_words(row: Row) -> tuple[str, str]:
    return f"\u25b2 {row['n_up']:,} up", f"\u25bc {row['n_down']:,} down"


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
