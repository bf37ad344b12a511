"""Figures as files: their sizes in print, their type, no title inside, and the list of them."""

from __future__ import annotations

import csv
import re
import struct
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from cohortmart.report.blocks import Figure
from cohortmart.report.figure_files import draw_files
from cohortmart.report.figure_list import FILE, write_figure_list

SPEC = {
    "data": {"name": "points"}, "height": 120, "mark": "point",
    "encoding": {"x": {"field": "x", "type": "quantitative", "title": "Change"}},
}  # fmt: skip
FACETS = {
    "data": {"name": "points"}, "facet": {"field": "x", "type": "nominal"}, "columns": 9,
    "spec": {"width": 150, "height": 60, "mark": "point",
             "encoding": {"x": {"field": "x", "type": "quantitative"}}},
}  # fmt: skip


def _drawn(text: str, width: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="100" '
        f'viewBox="0 0 {width} 100"><text font-size="11">{text}</text></svg>'
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    points = {"points": pa.table({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})}
    figures = [
        Figure("one", "A title", "A, caption", "alt", SPEC, points),
        Figure("many", "Many", "c", "alt", FACETS, points, fit="columns", cell_width=200),
        Figure("cloud", "Cloud", "c", "alt", SPEC, points, drawing=partial(_drawn, "Words")),
    ]
    folder = tmp_path_factory.mktemp("figures")
    write_figure_list(figures, draw_files(figures, folder), folder)
    return folder


def millimetres(path: Path) -> tuple[float, float]:
    size = re.search(r'width="([\d.]+)mm" height="([\d.]+)mm"', path.read_text())
    assert size is not None
    return float(size[1]), float(size[2])


def test_each_kind_has_the_files_it_should(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == [
        "cloud-85mm.png", "cloud-85mm.svg", "cloud.svg", FILE, "many.png", "many.svg",
        "one-85mm.png", "one-85mm.svg", "one.png", "one.svg",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "width"), [
    ("one", 180), ("one-85mm", 85), ("cloud", 180), ("cloud-85mm", 85),
])  # fmt: skip
def test_they_are_one_and_two_columns_wide(folder: Path, name: str, width: int) -> None:
    assert millimetres(folder / f"{name}.svg")[0] == pytest.approx(width, abs=0.6)
    if (png := folder / f"{name}.png").exists():
        pixels = struct.unpack(">I", png.read_bytes()[16:20])[0]
        assert pixels == pytest.approx(width / 25.4 * 300, abs=8)


def test_several_views_take_two_columns_at_most(folder: Path) -> None:
    across, down = millimetres(folder / "many.svg")
    assert 120 < across <= 180
    assert down <= 240
    assert (
        len(set(re.findall(r"translate\((\d+(?:\.\d+)?),", (folder / "many.svg").read_text()))) > 2
    )


@pytest.mark.parametrize("name", ["one", "one-85mm", "many", "cloud"])
def test_type_is_large_enough_to_read(folder: Path, name: str) -> None:
    svg = (folder / f"{name}.svg").read_text()
    box = re.search(r'viewBox="0 0 ([\d.]+)', svg)
    assert box is not None
    points = millimetres(folder / f"{name}.svg")[0] / 25.4 * 72 / float(box[1])
    sizes = [float(s) * points for s in re.findall(r'font-size="([\d.]+)', svg)]
    assert min(sizes) >= 6


def test_titles_stand_in_the_list_and_not_in_the_picture(folder: Path) -> None:
    assert "A title" not in (folder / "one.svg").read_text()
    with (folder / FILE).open(encoding="utf-8", newline="") as file:
        rows = {r["file"]: r for r in csv.DictReader(file)}
    assert set(rows) == {p.name for p in folder.iterdir()} - {FILE}
    assert rows["one-85mm.png"]["title"] == "A title"
    assert rows["one.svg"]["caption"] == "A, caption"
