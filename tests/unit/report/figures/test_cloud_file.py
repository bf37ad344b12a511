"""Clouds written as SVG: every dot where its feature lies, axes with round numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from cohortmart.report.blocks import Figure, all_blocks
from cohortmart.report.figures.cells_file import Cell
from cohortmart.report.figures.cloud_file import PLOTS, CloudFile
from cohortmart.report.figures.ticks import ticks
from cohortmart.report.pages.contrasts import clouds, contrasts_page
from tests.support import report_contrasts_rows as made


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    return made.tables()


def _figure(given: dict[str, Any], name: str) -> Figure:
    page = contrasts_page(made.source(given))
    return next(b for b in all_blocks(page) if isinstance(b, Figure) and b.name == name)


@pytest.mark.parametrize("width", PLOTS)
def test_every_feature_is_a_dot_where_it_lies(given: dict[str, Any], width: int) -> None:
    figure = _figure(given, "contrasts-volcano-rna-1")
    assert figure.drawing is not None
    svg = figure.drawing(width)
    (frame,) = figure.data["frame"].to_pylist()
    across, down = PLOTS[width]
    rows = [r for r in given["fct_contrast_result"]
            if (r["analysis"], r["contrast"]) == ("rna", "x")]  # fmt: skip
    for colour, direction in (("#7B3294", 1), ("#00713A", -1)):
        chosen = [r for r in rows if r["adj_p_value"] < 0.05 and np.sign(r["log_fc"]) == direction]
        x = np.array([r["log_fc"] for r in chosen])
        with np.errstate(divide="ignore"):
            y = np.minimum(-np.log10([r["p_value"] for r in chosen]), 320)
        half_x = np.round(2 * across * (x - frame["x_low"]) / (frame["x_high"] - frame["x_low"]))
        half_y = np.round(2 * down * (1 - y / frame["y_high"]))
        path = re.search(rf'd="([^"]*)" transform="scale\(0.5\)" [^>]*stroke="{colour}"', svg)
        assert path is not None
        dots = {tuple(map(int, dot.split())) for dot in re.findall(r"M(\d+ \d+)h0", path[1])}
        assert dots == set(zip(half_x.astype(int), half_y.astype(int), strict=True))
    assert svg.startswith(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}"')


def test_the_strongest_have_their_names_and_the_corners_their_numbers(
    given: dict[str, Any],
) -> None:
    figure = _figure(given, "contrasts-mean-difference-rna-1")
    assert figure.drawing is not None
    svg = figure.drawing(714)
    said = re.findall(r">([^<>]+)</text>", svg)
    summary = next(r for r in given["contrast_summary"]
                   if (r["analysis"], r["contrast"]) == ("rna", "x"))  # fmt: skip
    assert f"\u25b2 {summary['n_up']} up" in said
    assert f"\u25bc {summary['n_down']} down" in said
    assert {"GENE0", "g1"} <= set(said)
    assert figure.title not in svg


def test_more_features_are_counted_in_squares(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clouds, "MOST_DOTS", 100)
    figure = _figure(given, "contrasts-volcano-rna-1")
    assert figure.drawing is not None
    svg = figure.drawing(337)
    assert "h0" not in svg
    counted = figure.data["squares"]["n"].to_pylist()
    assert f"{max(counted):,} genes, not found" in svg
    assert len(re.findall(r"M[\d. ]+H[\d.]+V[\d.]+H[\d.]+z", svg)) >= len(counted)


def test_words_cannot_become_elements() -> None:
    hostile = "<script>&"
    cloud = CloudFile(
        hostile, hostile, (0.0, 1.0), (0.0, 1.0), "x", (hostile, hostile), [("x", 0.5)],
        [(0.5, 0.5, "up", hostile)], {337: []}, [Cell(0, 0, 1, 1, 3, 1.0, "neither")], hostile,
    )  # fmt: skip
    svg = cloud.svg(337)
    assert "<script" not in svg
    assert svg.count("&lt;script&gt;&amp;") >= 6


@pytest.mark.parametrize(
    ("low", "high", "most", "said"),
    [
        (-1.2, 1.2, 6, ["\u22121.0", "\u22120.5", "0.0", "0.5", "1.0"]),
        (0.0, 18.4, 5, ["0", "5", "10", "15"]),
        (0.0, 5300.0, 4, ["0", "2,000", "4,000"]),
        (14.28771, 14.28774, 4, ["14.28771", "14.28772", "14.28773", "14.28774"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, most: int, said: list[str]) -> None:
    found = ticks(low, high, most)
    assert [t.text for t in found] == said
    assert all(low - 1e-9 <= t.value <= high + 1e-9 for t in found)
