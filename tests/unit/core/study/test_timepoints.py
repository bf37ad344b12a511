"""Timepoints that are numbers or dates: spellings that mean the same, and where they lie."""

from __future__ import annotations

import pytest

from cohortmart.core.study.timepoints import in_order, places_in_time, same_timepoint


@pytest.mark.parametrize(
    ("cell", "known", "meant"),
    [
        ("0", ("0", "4"), "0"),
        ("0.0", ("0", "4"), "0"),
        ("4.0", ("0", "4"), "4"),
        ("04", ("0", "4"), "4"),
        ("+4", ("0", "4"), "4"),
        ("4", ("0", "4.50"), None),
        ("4.5", ("0", "4.50"), "4.50"),
        ("-7.0", ("-7", "0"), "-7"),
        ("1e1", ("10",), "10"),
        ("007", ("7", "007"), "007"),
        ("1st", ("1", "2"), None),
        ("4", ("w4",), None),
        ("2024-01-15 00:00:00", ("2024-01-15",), "2024-01-15"),
        ("2024-01-15T00:00", ("2024-01-15",), "2024-01-15"),
        ("2024-01-15", ("2024-01-15 00:00:00",), "2024-01-15 00:00:00"),
        ("2024-01-15 10:00:00", ("2024-01-15",), None),
        ("2024-02-30", ("2024-02-29",), None),
        ("nan", ("0",), None),
    ],
)
def test_spellings(cell: str, known: tuple[str, ...], meant: str | None) -> None:
    assert same_timepoint(cell, known) == meant


def test_places() -> None:
    assert places_in_time(("0", "4.0", "-12")) == {"0": 0.0, "4.0": 4.0, "-12": -12.0}
    assert places_in_time(("2024-02-28", "2024-03-01")) == {"2024-02-28": 0.0, "2024-03-01": 2.0}
    assert places_in_time(("0", "4", "PP")) is None
    assert places_in_time(("0", "2024-03-01")) is None


def test_only_dates_are_put_in_order() -> None:
    assert in_order(["2024-03-01", "2023-12-31"]) == ["2023-12-31", "2024-03-01"]
    assert in_order(["3rd", "1st"]) == ["3rd", "1st"]
    assert in_order(["12", "4"]) == ["12", "4"]
    assert in_order("2024-03-01") == "2024-03-01"
