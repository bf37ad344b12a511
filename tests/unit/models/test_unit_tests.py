"""dbt's own unit tests of the SQL, run once with a study that has little else to build."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from conftest import ROOT

TESTS = yaml.safe_load((ROOT / "models" / "_unit_tests.yml").read_text(encoding="utf-8"))
TESTS = {test["name"]: test for test in TESTS["unit_tests"]}


@pytest.mark.parametrize("name", TESTS)
def test_the_sql_makes_of_rows_what_is_expected(built: Any, name: str) -> None:
    assert built.outcomes["betas"]["results"][name] == "pass", built.outcomes["betas"]["messages"]


def test_what_is_decided_in_sql_has_a_unit_test() -> None:
    assert {test["model"] for test in TESTS.values()} >= {
        "rebound", "deg", "dmp", "qc_probe_funnel", "group_expression", "group_methylation",
    }  # fmt: skip


def test_a_build_of_a_study_leaves_them_out(built: Any) -> None:
    assert not set(TESTS) & set(built.outcomes["full"]["results"])
