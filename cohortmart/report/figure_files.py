"""Figures as files for print: SVG, and PNG with 300 dots per inch, one and two columns wide."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

from cohortmart.core.progress import counted_off
from cohortmart.core.spawning import without_main
from cohortmart.report.blocks import Figure
from cohortmart.report.columns import rows
from cohortmart.report.theme import CONFIG
from cohortmart.report.titles import in_one_line

DOTS_PER_INCH = 300
#: Pixels across a picture of one and of two columns: 85 and 180 mm, so that type has the same
#: size in both. The smallest type, of 9 pixels, is 6.4 points in print.
ONE_COLUMN, TWO_COLUMNS = 337, 714
POINTS_PER_PIXEL = 180 / 25.4 * 72 / TWO_COLUMNS
#: No picture is taller than a page, in points.
_TALLEST = 240 / 25.4 * 72
#: Behind the name of a file one column wide.
NARROW = "-85mm"


@dataclass(frozen=True)
class _Job:
    """A picture to be written: its specification or what draws it, its file, and as what."""

    drawn: dict[str, Any] | Callable[[int], str]
    width: int
    path: str
    kinds: tuple[str, ...]


def standalone(figure: Figure, width: int = TWO_COLUMNS) -> dict[str, Any]:
    """Return the Vega-Lite specification of a figure with its data, as a file shows it.

    Parameters
    ----------
    figure : Figure
    width : int
        Pixels of the whole picture: a single view gets just this, of several as many stand beside
        each other as have room.
    """
    spec: dict[str, Any] = in_one_line(dict(figure.spec))
    spec["datasets"] = {
        name: rows(data) if isinstance(data, pa.Table) else [] for name, data in figure.data.items()
    }
    spec["config"] = CONFIG
    spec["padding"] = 4
    if figure.fit == "width" and "width" not in spec:
        spec["width"] = width
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    elif figure.fit == "columns":
        spec["columns"] = max(1, min(width // figure.cell_width, spec.get("columns", 99)))
    return spec


def draw_files(figures: Sequence[Figure], folder: Path) -> list[Path]:
    """Write every figure as files without a title, which stands in `figures.csv`.

    A single view is written in both widths, `NAME.svg` and `NAME.png` two columns wide and
    `NAME-85mm.svg` and `NAME-85mm.png` for one column; what has several views or a width of its
    own, as wide as it is, at most two columns. Of the hundreds of pictures of single contrasts
    (`Figure.drawing`) there is a PNG for one column only.

    Parameters
    ----------
    figures : sequence of Figure
    folder : Path
        Made if it is not there.

    Returns
    -------
    list of Path
        The files, in the order of the figures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [job for figure in figures for job in _jobs(figure, folder)]
    if not jobs:
        return []
    # a process of its own for each half: the drawing library holds the interpreter
    with without_main(), ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for _ in counted_off(pool.map(_draw, jobs, chunksize=1), "figures drawn", len(jobs)):
            pass
    return [Path(f"{job.path}.{kind}") for job in jobs for kind in job.kinds]


def _jobs(figure: Figure, folder: Path) -> list[_Job]:
    both, path = ("svg", "png"), str(folder / figure.name)
    if figure.drawing is not None:
        return [
            _Job(figure.drawing, TWO_COLUMNS, path, ("svg",)),
            _Job(figure.drawing, ONE_COLUMN, path + NARROW, both),
        ]
    jobs = [_Job(standalone(figure), TWO_COLUMNS, path, both)]
    if figure.fit == "width" and "width" not in figure.spec:
        jobs.append(_Job(standalone(figure, ONE_COLUMN), ONE_COLUMN, path + NARROW, both))
    return jobs


def figure_svg(figure: Figure) -> str:
    """Return a figure as SVG, as its file two columns wide has it."""
    return _in_millimetres(*_picture(_jobs(figure, Path())[0]))


def figure_png(figure: Figure, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """Return a figure as PNG, as its file two columns wide has it."""
    return _png(*_picture(_jobs(figure, Path())[0]), dots_per_inch)


def _draw(job: _Job) -> None:
    svg, scale = _picture(job)
    Path(f"{job.path}.svg").write_text(_in_millimetres(svg, scale), encoding="utf-8")
    if "png" in job.kinds:
        Path(f"{job.path}.png").write_bytes(_png(svg, scale))


def _picture(job: _Job) -> tuple[str, float]:
    """Return a picture in pixels, and how many points each of them is."""
    import vl_convert

    if callable(job.drawn):
        svg = job.drawn(job.width)
    else:
        svg = _renumbered(_without_layers(vl_convert.vegalite_to_svg(job.drawn)))
    return svg, _scale(svg, job.width)


def _png(svg: str, scale: float, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, scale=scale, ppi=dots_per_inch))


def _without_layers(svg: str) -> str:
    """Give opacity to fill and stroke instead of the element.

    An element with an opacity is painted on a layer of its own, which takes ten times as long.
    """
    return re.sub(r'<path[^>]* opacity="[^>]*>', _of_fill_and_stroke, svg)


def _renumbered(svg: str) -> str:
    """Count gradients and clips from 1 in every file.

    The drawing library goes on counting from picture to picture, so that a file would depend on
    those that the same process drew before it.
    """
    there = dict.fromkeys(re.findall(r'(?:url\(#|\bid=")((?:gradient_|clip)\d+)[")]', svg))
    new: dict[str, str] = {}
    for name in there:
        kind = name.rstrip("0123456789")
        new[name] = f"{kind}{sum(n.startswith(kind) for n in new.values()) + 1}"
    return re.sub(
        r'(url\(#|\bid=")((?:gradient_|clip)\d+)(?=[")])', lambda m: m[1] + new[m[2]], svg
    )


def _of_fill_and_stroke(element: re.Match[str]) -> str:
    tag = element[0]
    parts = {"opacity": 1.0, "fill-opacity": 1.0, "stroke-opacity": 1.0}
    for name in parts:
        if found := re.search(rf' {name}="([^"]+)"', tag):
            parts[name] = float(found[1])
            tag = tag.replace(found[0], "", 1)
    whole = parts.pop("opacity")
    kept = "".join(f' {n}="{v * whole:.4g}"' for n, v in parts.items() if v * whole != 1)
    return tag.replace("<path", f"<path{kept}", 1)


def _size(svg: str) -> tuple[float, float]:
    """Return width and height in pixels, which stand in the first element."""
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert size is not None, svg[:200]
    return float(size[1]), float(size[2])


def _scale(svg: str, width: int) -> float:
    """Return points per pixel: what is wider or taller than there is room for gets smaller."""
    across, down = _size(svg)
    return min(POINTS_PER_PIXEL * min(1.0, width / across), _TALLEST / down)


def _in_millimetres(svg: str, scale: float) -> str:
    """Return the picture with the size that it has in print."""
    across, down = (v * scale / 72 * 25.4 for v in _size(svg))
    return re.sub(
        r'width="[\d.]+" height="[\d.]+"', f'width="{across:.1f}mm" height="{down:.1f}mm"', svg,
        count=1,
    )  # fmt: skip
