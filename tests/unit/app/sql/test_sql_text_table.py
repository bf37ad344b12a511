"""Numbers and text as people see them."""

from __future__ import annotations

import pytest

from cohortmart.app.sql.text_table import aligned


def column(values: list[object]) -> list[str]:
    return [line.strip() for line in aligned(["x"], [values]).splitlines()[2:]]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.0, 200.0, None], ["1", "200", "null"]),
        ([0.123456, 0.5], ["0.1235", "0.5000"]),
        ([-0.00001, 12.5, -3.25], ["-1e-05", "12.5", "-3.25"]),
        ([1e-12, 0.04321], ["1e-12", "0.0432"]),
        ([12345.678, 1.5], ["12345.7", "1.5"]),
        ([float("nan"), 1.5], ["nan", "1.5"]),
        ([1, 22, 333], ["1", "22", "333"]),
        ([True, False], ["True", "False"]),
    ],
)
def test_numbers_are_rounded_by_column(values, shown):
    assert column(values) == shown


def test_numbers_stand_right_and_text_left():
    assert aligned(["n", "name"], [[1, 10], ["a", "bb"]]).splitlines() == [
        " n  name",
        "──  ────",
        " 1  a",
        "10  bb",
    ]


def test_text_cannot_break_the_table_or_the_terminal():
    assert column(["a\nb\x1b[31m"]) == ["a b [31m"]
    assert column(["y" * 100]) == ["y" * 59 + "…"]
