"""Answers as JSON: every type is read as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Queries
from cohortmart.explore.answers.queries.plain import plain_answer
from tests.support.explored_study import small_explored


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = small_explored(tmp_path_factory.mktemp("study"))
    yield study
    study.close()


@pytest.mark.parametrize(
    ("sql", "kind", "shown"),
    [
        ("1", "INTEGER", 1),
        ("0.1::double", "DOUBLE", 0.1),
        ("1.50::decimal(9,2)", "DECIMAL(9,2)", "1.50"),
        ("9223372036854775807", "BIGINT", "9223372036854775807"),
        ("'inf'::double", "DOUBLE", "inf"),
        ("'nan'::double", "DOUBLE", "nan"),
        ("null", "NULL", None),
        ("true", "BOOLEAN", True),
        ("''", "VARCHAR", ""),
        ("date '2020-02-29'", "DATE", "2020-02-29"),
        ("timestamp '2020-02-29 10:00:00.5'", "TIMESTAMP", "2020-02-29T10:00:00.500000"),
        ("[1, null]", "INTEGER[]", "[1, null]"),
        ("{'a': [date '2020-01-01']}", "STRUCT(a DATE[])", '{"a": ["2020-01-01"]}'),
        ("'<b>x</b>'", "VARCHAR", "<b>x</b>"),
        ("'a'::enum('a', 'b')", "ENUM('a', 'b')", "a"),
        ("repeat('x', 6000)", "VARCHAR", "x" * 5000 + "… (6,000 letters)"),
    ],
)
def test_a_value_keeps_its_type_and_its_digits(
    explored: Explored, sql: str, kind: str, shown: Any
) -> None:
    given = plain_answer(Queries(explored).answer(f"select {sql} as a"))
    assert given["columns"] == [{"name": "a", "type": kind}]
    assert json.loads(json.dumps(given, allow_nan=False))["rows"] == [[shown]]
