"""What stands with measurements in the lake, and that SQL reads it as it was written."""

from __future__ import annotations

import re

import duckdb
import jinja2
import numpy as np
import pytest

from cohortmart.core.lake.censoring import QC_FLAGS, is_log2, taken_values
from tests.support.paths import ROOT


def test_the_macro_gives_back_every_flag() -> None:
    text = (ROOT / "macros" / "measurements.sql").read_text(encoding="utf-8")
    found = re.search(r"{% macro qc_word.*?endmacro %}", text, re.DOTALL)
    assert found is not None
    qc_word = jinja2.Environment().from_string(found[0]).module.qc_word  # type: ignore[attr-defined]
    words = duckdb.sql(
        f"select {qc_word('code')} from (values (0e0), (1e0), (2e0), (3e0), (null)) as t(code)"
    ).fetchall()
    assert [word for (word,) in words] == [*QC_FLAGS, None]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("value", [1.0, 4.0]), ("missing", [np.nan, 4.0]), ("half", [0.5, 4.0])],
)
def test_what_is_taken_below_detection(rule: str, expected: list[float]) -> None:
    values, below = np.array([[1.0, 4.0]]), np.array([[True, False]])
    limits = np.full((1, 2), np.nan)  # then the value is the limit
    got = taken_values(values, below, limits, rule, np.array([False]))
    np.testing.assert_array_equal(got, [expected])


def test_half_of_a_logarithm_is_one_less() -> None:
    values, below = np.array([[0.2, 4.0]]), np.array([[True, False]])
    got = taken_values(values, below, np.array([[1.0, 1.0]]), "half", np.array([is_log2("NPX")]))
    np.testing.assert_array_equal(got, [[0.0, 4.0]])
