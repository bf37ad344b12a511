"""The order of timepoints."""

from __future__ import annotations

import pytest

from cohortmart.app.init.columns import Column
from cohortmart.app.init.timepoints import order_timepoints


def column(name: str, *cells: str) -> Column:
    return Column(name, cells)


@pytest.mark.parametrize(
    ("shuffled", "ordered"),
    [
        (("12", "-7", "4.5", "0"), ("-7", "0", "4.5", "12")),
        (("2024-03-01", "2023-12-24"), ("2023-12-24", "2024-03-01")),
        (("24.12.2023", "01.03.2023"), ("01.03.2023", "24.12.2023")),
        (("week 12", "week 4", "baseline"), ("baseline", "week 4", "week 12")),
        (("post", "V2", "V1", "pre"), ("pre", "V1", "V2", "post")),
        (("month 1", "day 3", "week 2"), ("day 3", "week 2", "month 1")),
        (("3rd", "1st", "10th", "2nd"), ("1st", "2nd", "3rd", "10th")),
        (("T2", "T10", "T0"), ("T0", "T2", "T10")),
        (("post 2", "post 1", "pre"), ("pre", "post 1", "post 2")),
        (("24h", "0h", "6h"), ("0h", "6h", "24h")),
        (("end", "during", "before"), ("before", "during", "end")),
    ],
)
def test_numbers_dates_and_words(shuffled: tuple[str, ...], ordered: tuple[str, ...]) -> None:
    order = order_timepoints(column("when", *shuffled), None)
    assert order.levels == ordered
    assert order.sure


def test_a_column_of_dates_says_when() -> None:
    visits = column("visit", "red", "blue", "green")
    dates = column("taken", "05.02.2024", "01.01.2024", "03.01.2024")
    order = order_timepoints(visits, column("who", "a", "a", "a"), [dates])
    assert order.levels == ("blue", "green", "red")
    assert order.sure
    assert "taken" in order.why


def test_weeks_that_do_not_part_all_timepoints_say_nothing() -> None:
    visits = column("visit", "red", "blue", "green")
    weeks = column("week", "0", "0", "3")
    order = order_timepoints(visits, column("who", "a", "a", "a"), [weeks])
    assert order.levels == ("red", "blue", "green")
    assert not order.sure


def test_the_rows_of_each_person_are_asked_about() -> None:
    who = column("who", "a", "a", "a", "b", "b", "c")
    visits = column("visit", "red", "green", "blue", "red", "blue", "alone")
    order = order_timepoints(visits, who)
    assert order.levels == ("alone", "red", "green", "blue")
    assert not order.sure


def test_people_who_contradict_each_other_say_nothing() -> None:
    who, visits = column("who", "a", "a", "b", "b"), column("visit", "x", "y", "y", "x")
    order = order_timepoints(visits, who)
    assert order.levels == ("x", "y")
    assert "nothing says more" in order.why
