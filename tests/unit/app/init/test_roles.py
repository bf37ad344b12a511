"""Roles of columns whose names say nothing: nesting and values tell them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmart.app.init.columns import Column
from cohortmart.app.init.questions import Interview, Question
from cohortmart.app.init.roles import find_roles
from cohortmart.core.errors import IngestError
from tests.support.init_files import people

VISITS = (
    ["baseline", "week 4", "week 12"],
    ["1st", "2nd", "3rd", "4th"],
    ["V1", "V2"],
    ["day 0", "day 7", "day 28"],
    ["pre", "post"],
)
GROUPS = (("control", "case"), ("placebo", "low", "high"), ("healthy", "MS"))


@st.composite
def nested_sheets(draw: st.DrawFn) -> tuple[list[Column], dict[str, str]]:
    """A sheet with columns c0, c1, … in any order, rows in any order, and what each column is."""
    rng = random.Random(draw(st.integers(0, 10_000)))
    groups = draw(st.sampled_from(GROUPS))
    visits = draw(st.sampled_from(VISITS))
    cells = draw(st.sampled_from(((), ("CD4", "CD8"), ("B cells", "NK cells", "monocytes"))))
    sizes = {group: draw(st.integers(3, 6)) for group in groups}
    rows: list[dict[str, Any]] = people(sizes, visits, cells)
    ages = {row["patient"]: rng.randint(20, 70) for row in rows}
    for row in rows:
        row["age"], row["score"] = ages[row["patient"]], round(rng.random() * 9, 3)
        row["processed"] = rng.choice("XYZ")
    if draw(st.booleans()):  # some visits are missing
        rows = [row for i, row in enumerate(rows) if i % 7 != 5]
    rng.shuffle(rows)
    keys = list(rows[0])
    rng.shuffle(keys)
    columns = [Column(f"c{i}", tuple(str(row[key]) for row in rows)) for i, key in enumerate(keys)]
    return columns, {key: f"c{i}" for i, key in enumerate(keys)}


@settings(max_examples=60, deadline=None)
@given(nested_sheets())
def test_roles_follow_from_nesting_whatever_the_columns_are_called(
    sheet: tuple[list[Column], dict[str, str]],
) -> None:
    columns, at = sheet
    interview = Interview()
    roles = find_roles(columns, at["sample"], (), interview, "sheet.csv")
    assert roles.subject == at["patient"]
    assert roles.timepoint == at["visit"]
    assert roles.group == at["arm"]
    assert roles.cell_type == at.get("cell_type")
    assert (roles.visit_key, roles.library) == ((), None)


def columns_of(**cells: list[object]) -> list[Column]:
    return [Column(name, tuple(map(str, of))) for name, of in cells.items()]


def test_a_group_that_only_nesting_suggests_is_asked() -> None:
    columns = columns_of(
        a=range(12), b=[f"P{i // 2}" for i in range(12)], c=["V1", "V2"] * 6,
        d=["red"] * 6 + ["blue"] * 6,
    )  # fmt: skip
    asked: list[Question] = []

    def answer(question: Question) -> str:
        asked.append(question)
        return "none"

    assert find_roles(columns, "a", (), Interview(answer), "s").group is None
    assert [(q.key, q.proposal, q.options) for q in asked] == [("group", "d", ("d", "none"))]
    silent = Interview()
    assert find_roles(columns, "a", (), silent, "s").group == "d"
    assert silent.is_open("group")


def test_a_person_of_each_sample_where_nothing_repeats() -> None:
    columns = columns_of(id=range(6), status=["case", "control"] * 3)
    roles = find_roles(columns, "id", (), Interview(), "s")
    assert (roles.subject, roles.timepoint, roles.group) == ("id", None, "status")


def test_without_people_it_says_what_to_add() -> None:
    columns = columns_of(name=["a", "a", "b", "b"], week=["week 1", "week 2"] * 2)
    with pytest.raises(IngestError, match="no column of the sheet names people") as caught:
        find_roles(columns, "name", (), Interview(), "sheet.csv")
    assert caught.value.hint is not None
    assert "add a column of the people" in caught.value.hint


def test_the_samples_of_one_visit_are_told_apart_by_a_key() -> None:
    columns = columns_of(
        sample=range(16), donor=[f"P{i // 4}" for i in range(16)],
        visit=["V1", "V1", "V2", "V2"] * 4, stimulated=["rest", "LPS"] * 8,
    )  # fmt: skip
    roles = find_roles(columns, "sample", (), Interview(), "s")
    assert (roles.visit_key, roles.library) == (("stimulated",), None)


def gaps(column: Column, *rows: int) -> Column:
    return Column(column.name, tuple(None if i in rows else c for i, c in enumerate(column.cells)))


def test_a_visit_that_lacks_values_is_not_passed_over_in_silence() -> None:
    columns = columns_of(
        s=range(12), donor=[f"P{i // 2}" for i in range(12)], visit=["V1", "V2"] * 6,
        arm=["drug"] * 6 + ["placebo"] * 6,
    )  # fmt: skip
    columns[2] = gaps(columns[2], 3)
    roles = find_roles(columns, "s", (), Interview(), "sheet.csv")
    assert roles.timepoint is None
    assert roles.notes == [
        "`visit` could be the timepoint, but has no value in 1 row: fill them in, or take the "
        "rows out"
    ]


def test_people_that_lack_names_are_an_error() -> None:
    columns = columns_of(s=range(12), donor=[f"P{i // 2}" for i in range(12)], v=["V1", "V2"] * 6)
    columns[1] = gaps(columns[1], 3, 4)
    with pytest.raises(IngestError, match="no value in 2 rows"):
        find_roles(columns, "s", (), Interview(), "sheet.csv")
