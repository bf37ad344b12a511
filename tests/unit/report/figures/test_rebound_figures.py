"""Geometry of the pictures on rebound."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import vl_convert
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cohortmart.core.text import Nouns
from cohortmart.report.figures.alluvial import (
    STATES,
    alluvial,
    alluvial_geometry,
    band_kind,
)
from cohortmart.report.figures.density import clipped_line
from cohortmart.report.figures.sectors import sector_geometry
from cohortmart.report.figures.trajectory import trajectories

PAIRS = [(a, b) for a in STATES for b in STATES if (a, b) != ("unclear", "unclear")]
FLOWS = st.dictionaries(st.sampled_from(PAIRS), st.integers(1, 100_000), min_size=1)


def geometry(flows: dict[tuple[str, str], int]) -> dict[str, list[dict[str, Any]]]:
    tables = alluvial_geometry([flows], [("First", "Then")])
    return {name: table.to_pylist() for name, table in tables.items()}


@settings(max_examples=40, deadline=None)
@given(FLOWS)
def test_bands_fill_their_nodes(flows: dict[tuple[str, str], int]):
    drawn = geometry(flows)
    per_feature = 0.9 / sum(flows.values())
    for i, at in enumerate((min, max)):
        x = at(row["x"] for row in drawn["bands"])
        ends = [row for row in drawn["bands"] if row["x"] == x]
        nodes = [n for n in drawn["nodes"] if (n["x"] > 0.5) == bool(i)]
        assert {n["state"] for n in nodes} == {pair[i] for pair in flows}
        for node in nodes:
            assert node["n"] == sum(n for pair, n in flows.items() if pair[i] == node["state"])
            edges = sorted(
                (row["low"], row["high"]) for row in ends
                if row["band"].split(" to ")[i] == node["state"]
            )  # fmt: skip
            # one below the other, from the top of the node to its foot
            assert edges[0][0] == pytest.approx(node["y"], abs=1e-9)
            assert edges[-1][1] == pytest.approx(node["y2"], abs=1e-9)
            for above, below in itertools.pairwise(edges):
                assert above[1] == pytest.approx(below[0], abs=1e-9)
    for row in drawn["bands"]:
        first, second = row["band"].split(" to ")
        assert row["n"] == flows[first, second]
        assert row["high"] - row["low"] == pytest.approx(per_feature * row["n"], abs=1e-9)
        assert -1e-9 <= row["low"] <= row["high"] <= 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(FLOWS)
@example({("up", "up"): 100_000, ("unclear", "down"): 1, ("down", "unclear"): 1})
def test_labels_beside_nodes_do_not_touch(flows: dict[tuple[str, str], int]):
    for side in ("left", "right"):
        rows = [row for row in geometry(flows)["labels"] if row["side"] == side]
        order = [row["text"].split(" ")[0] for row in rows]
        assert order == [s for s in STATES if s in order]
        places = [row["y"] for row in rows]
        assert all(b - a >= 0.07 - 1e-9 for a, b in itertools.pairwise(places))
        assert all(0 <= y <= 1 for y in places)


def test_bands_leave_and_arrive_level():
    rows = geometry({("up", "down"): 3, ("down", "up"): 1})["bands"]
    band = [row["low"] for row in rows if row["band"] == "up to down"]
    steps = [b - a for a, b in itertools.pairwise(band)]
    assert min(steps) > 0
    assert steps[0] == pytest.approx(steps[-1])
    assert steps[0] < max(steps) / 4


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("up", "down", "up then down"),
        ("down", "up", "down then up"),
        ("up", "up", "twice the same way"),
        ("unclear", "up", "one change only"),
        ("down", "unclear", "one change only"),
    ],
)
def test_kinds_of_bands(first: str, second: str, kind: str):
    assert band_kind(first, second) == kind


def test_a_panel_without_features_is_empty():
    tables = alluvial_geometry([{}, {("up", "up"): 2}], [("a", "b"), ("c", "d")])
    assert {row["panel"] for table in tables.values() for row in table.to_pylist()} == {2}
    spec = {
        **alluvial(["A", "B"], "gene", ["twice the same way"]),
        "datasets": {name: table.to_pylist() for name, table in tables.items()},
    }
    svg = vl_convert.vegalite_to_svg(spec)
    assert "twice the same way" in svg
    assert "up 2" in svg


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
def test_guide_lines_end_at_the_edge(slope: float, limit: float):
    x, y, x2, y2 = clipped_line(slope, limit)
    assert (x, y) == (-x2, -y2)
    assert y2 == pytest.approx(slope * x2)
    assert max(abs(x2), abs(y2)) == pytest.approx(limit)


def test_numbers_stand_in_their_sectors():
    inside = {
        1: lambda x, y: x > 0 > y,
        2: lambda x, y: x < 0 < y,
        3: lambda x, y: 0 < x < y,
        4: lambda x, y: 0 < y < x,
        5: lambda x, y: y < x < 0,
        6: lambda x, y: x < y < 0,
    }
    drawn = sector_geometry(2.0, [{order: (order * 1000, None) for order in inside}])
    labels = drawn["labels"].to_pylist()
    assert [row["n"] for row in labels] == [f"{i},000" for i in range(1, 7)]
    for row, holds in zip(labels, inside.values(), strict=True):
        assert holds(row["x"], row["y"])
        assert max(abs(row["x"]), abs(row["y"])) > 2  # beyond the features
        assert row["share"] == ""
    edge = max(row["x2"] for row in drawn["lines"].to_pylist())
    assert all(max(abs(row["x"]), abs(row["y"])) < edge for row in labels)


def test_several_kinds_of_cells_are_dashed():
    plain = trajectories(["A"], ["A"], ["1st"], "Expression (log2 CPM)", Nouns())
    dashed = trajectories(
        ["A"], ["A"], ["1st"], "Expression (log2 CPM)", Nouns(), several_strata=True
    )
    assert "strokeDash" not in repr(plain)
    rows = [
        {"panel": 1, "feature": "g", "kind": "mean", "line": cells, "study_group": "A",
         "stratum": cells, "timepoint": "1st", "visit_order": 1, "value": 1.0, "low": None,
         "high": None, "n": 1}
        for cells in ("CD4", "CD8")
    ]  # fmt: skip
    svg = vl_convert.vegalite_to_svg({**dashed, "datasets": {"courses": rows}})
    assert "CD8" in svg
