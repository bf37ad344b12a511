"""Figures as files: SVG, and PNG with 300 dots per inch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cohortmart.core.progress import counted_off
from cohortmart.report.blocks import Figure
from cohortmart.report.columns import rows
from cohortmart.report.theme import CONFIG
from cohortmart.report.titles import in_one_line

DOTS_PER_INCH = 300
#: A PNG is no larger than this in print; small type is then smaller, and still sharp.
_WIDEST_INCHES, _TALLEST_INCHES = 10.0, 14.0
#: Width in pixels (72 an inch) of a single view, where the page would stretch it.
_WIDTH = 460
#: Width of a figure of several cells.
_WIDE = 1080


def standalone(figure: Figure) -> dict[str, Any]:
    """Return the Vega-Lite specification of a figure with its data, as a file shows it."""
    spec: dict[str, Any] = in_one_line(dict(figure.spec))
    spec["datasets"] = {name: rows(table) for name, table in figure.data.items()}
    spec["config"] = CONFIG
    spec["padding"] = 8
    spec["title"] = _titled(spec.get("title"), figure.title)
    if figure.fit == "width":
        spec.setdefault("width", min(_WIDTH, figure.max_width))
    elif figure.fit == "columns":
        spec["columns"] = max(1, min(_WIDE // figure.cell_width, spec.get("columns", 99)))
    return spec


def _titled(own: Any, title: str) -> Any:
    """Put the figure's title above it; a spec that has one of its own keeps it."""
    return own if own else {"text": title, "anchor": "start", "offset": 10}


def draw_files(figures: Sequence[Figure], folder: Path) -> list[Path]:
    """Write every figure as `name.svg` and `name.png`.

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
    jobs = [(standalone(f), str(folder / f.name)) for f in figures]
    if not jobs:
        return []
    # a process of its own for each half: the drawing library holds the interpreter
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for _ in counted_off(pool.map(_draw, jobs, chunksize=1), "figures drawn", len(jobs)):
            pass
    return [folder / f"{f.name}.{kind}" for f in figures for kind in ("svg", "png")]


def _draw(job: tuple[dict[str, Any], str]) -> None:
    import vl_convert

    spec, name = job
    svg = _renumbered(_without_layers(vl_convert.vegalite_to_svg(spec)))
    Path(f"{name}.svg").write_text(svg, encoding="utf-8")
    png = vl_convert.svg_to_png(svg, scale=_scale(svg), ppi=DOTS_PER_INCH)
    Path(f"{name}.png").write_bytes(png)


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


def _scale(svg: str) -> float:
    """Return what makes a picture fit a landscape page, one that fits already as it is."""
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert size is not None, svg[:200]
    width, height = (float(n) / 72 for n in size.groups())
    return min(1.0, _WIDEST_INCHES / width, _TALLEST_INCHES / height)
