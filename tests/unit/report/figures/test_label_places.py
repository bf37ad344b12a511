"""Names beside points have room, or are left out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmart.report.figures.label_places import LONGEST, placed_labels

_POINT = st.tuples(st.floats(-1, 1), st.floats(0, 10), st.text("ABCDEFGH1", max_size=30))


@settings(max_examples=60, deadline=None)
@given(st.lists(_POINT, max_size=40))
def test_no_name_meets_another_or_leaves_the_picture(points: list[tuple[float, float, str]]):
    labels = placed_labels(points, (-1.0, 1.0), (0.0, 10.0))
    assert len(labels) <= 8
    boxes = []
    for label in labels:
        assert 0 < len(label.text) <= LONGEST
        x, y = 290 * (label.x + 1) / 2, 300 * (10 - label.y) / 10
        width = 6.4 * len(label.text)
        left = x + 6 if label.side == "right" else x - 6 - width
        assert -1e-9 <= left <= 290 + 1e-9 - width
        assert 6.5 - 1e-9 <= y <= 293.5 + 1e-9
        boxes.append((left, left + width, y))
    for (left, right, y), (left2, right2, y2) in itertools.combinations(boxes, 2):
        assert right <= left2 or right2 <= left or abs(y - y2) >= 13 - 1e-9


def test_the_most_important_point_has_its_name_and_turns_away_from_the_edge():
    points = [(0.9, 5.0, "FIRST"), (0.9, 5.1, "SECOND"), (-0.9, 5.0, "LEFT")]
    labels = placed_labels(points, (-1.0, 1.0), (0.0, 10.0))
    assert [(label.text, label.side) for label in labels] == [("FIRST", "left"), ("LEFT", "right")]
    assert placed_labels(points, (-1.0, 1.0), (0.0, 10.0), most=0) == []


@pytest.mark.parametrize(("y", "named"), [(0.0, 0), (0.21, 0), (0.22, 1), (9.78, 1), (9.79, 0)])
def test_a_name_needs_half_a_line_below_and_above_its_point(y: float, named: int):
    """A line takes 13 of 300 pixels: half of it is 0.217 of the axis from 0 to 10."""
    assert len(placed_labels([(0.0, y, "EDGE")], (-1.0, 1.0), (0.0, 10.0))) == named
