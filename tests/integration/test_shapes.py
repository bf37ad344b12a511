"""Whole runs of studies in other shapes than the model study's: what was planted is found."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.support.finished_run import cohortmart
from tests.support.report_words import CELL_TYPES, GROUPS, MODEL_STUDY, words_of_report
from tests.support.shape_studies import PLANTED, SHAPES, TRUTH, write_study

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Shape:
    """A finished run, and what check and report say."""

    con: duckdb.DuckDBPyConnection
    check: str
    report: str

    def found(self, analysis: str, contrast: str) -> dict[str, int]:
        """Genes found at adjusted P < 0.05 and the sign of their change."""
        rows = self.con.cursor().execute(
            "select feature_id, sign(log_fc)::int from fct_contrast_result "
            "where analysis = ? and contrast = ? and adj_p_value < 0.05",
            [analysis, contrast],
        )
        return dict(rows.fetchall())

    def kinds(self, analysis: str) -> dict[str, str]:
        rows = self.con.cursor().execute(
            "select contrast, kind from dim_contrast where analysis = ?", [analysis]
        )
        return dict(rows.fetchall())


def is_truth(found: dict[str, int], sign: int = 1) -> bool:
    """Nine in ten of the planted genes with their sign, and at most three others."""
    right = sum(found.get(gene) == sign * planted for gene, planted in TRUTH.items())
    return right >= 0.9 * PLANTED and len(found.keys() - TRUTH.keys()) <= 3


def made(name: str, folder: Path) -> Iterator[Shape]:
    study = write_study(folder, *SHAPES[name]())
    check = " ".join(cohortmart("check", study).split())
    cohortmart("run", study, "--out", folder / "out")
    page = (folder / "out" / "report" / "index.html").read_text(encoding="utf-8")
    text = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True) as con:
        yield Shape(con, check, words)
    assert " None " not in words
    # a study without cell types, of its own subject and here and there of one group
    said = words_of_report(page)
    assert len(said) > 100
    unheard_of = [MODEL_STUDY, CELL_TYPES, *([] if "groups:" in study.read_text() else [GROUPS])]
    assert [text for text in said if any(words.search(text) for words in unheard_of)] == []


@pytest.fixture(scope="module")
def drug_trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    yield from made("drug_trial", tmp_path_factory.mktemp("drug_trial"))


@pytest.fixture(scope="module")
def case_control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    yield from made("case_control", tmp_path_factory.mktemp("case_control"))


@pytest.fixture(scope="module")
def tumour_normal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    yield from made("tumour_normal", tmp_path_factory.mktemp("tumour_normal"))


@pytest.fixture(scope="module")
def one_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    yield from made("one_group", tmp_path_factory.mktemp("one_group"))


@pytest.fixture(scope="module")
def cross_over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shape]:
    yield from made("cross_over", tmp_path_factory.mktemp("cross_over"))


def test_a_trial_with_weeks(drug_trial: Shape) -> None:
    assert is_truth(drug_trial.found("means", "drug_4-0"))
    assert is_truth(drug_trial.found("means", "drugvsplacebo_4-0"))
    assert is_truth(drug_trial.found("weeks", "drugvsplacebo_4-0"))
    assert len(drug_trial.found("means", "placebo_12-0")) <= 3
    assert drug_trial.kinds("means")["drugvsplacebo_4-0"] == "mixed"
    order = drug_trial.con.cursor().execute(
        "select distinct timepoint, visit_order from dim_sample order by 2"
    )
    assert order.fetchall() == [("0", 1), ("4", 2), ("12", 3)]
    rebound = drug_trial.con.cursor().execute(
        "select study_group, n_up_down + n_down_up >= 15 from rebound_summary order by 1"
    )
    assert rebound.fetchall() == [("drug", True), ("placebo", False)]
    assert "a natural spline of timepoint with knots at 0, 4, 12 for each group" in (
        drug_trial.check
    )
    assert "16 patients, 3 weeks, 48 samples" in drug_trial.report


def test_cases_and_controls_who_came_once(case_control: Shape) -> None:
    assert is_truth(case_control.found("main", "casevscontrol"))
    assert case_control.kinds("main") == {"casevscontrol": "between"}
    assert "between groups of people 12 case against 12 control" in case_control.check
    assert "nothing to warn of: main" in case_control.check
    assert "Between groups. Case minus control" in case_control.report


def test_tumour_and_normal_of_the_same_people(tumour_normal: Shape) -> None:
    assert is_truth(tumour_normal.found("paired", "tumour-normal"))
    assert tumour_normal.kinds("paired") == {"tumour-normal": "within"}
    assert "10 complete pairs (10 tumour against 10 normal)" in tumour_normal.check
    assert "Within people. tumour minus normal" in tumour_normal.report
    assert "one mean for every tissue" in tumour_normal.report
    groups = tumour_normal.con.cursor().execute(
        "select distinct study_group, timepoint from dim_sample"
    )
    assert groups.fetchall() == [("all", "once")]


def test_one_group_with_days_before_the_first(one_group: Shape) -> None:
    assert is_truth(one_group.found("main", "1-0"))
    assert is_truth(one_group.found("main", "28-1"), sign=-1)
    assert is_truth(one_group.found("curve", "timepoint_1-0"))
    assert len(one_group.found("main", "0-(-7)")) <= 3
    assert set(one_group.kinds("main")) == {
        "0-(-7)", "1-(-7)", "28-(-7)", "1-0", "28-0", "28-1",
    }  # fmt: skip
    assert set(one_group.kinds("main").values()) == {"within"}
    assert "9 complete pairs (9 at 0 against 9 at -7)" in one_group.check
    rebound = one_group.con.cursor().execute(
        "select pair, study_group, n_up_down + n_down_up >= 15 from rebound_summary"
    )
    assert rebound.fetchall() == [("1-0/28-1", None, True)]
    permuted = one_group.con.cursor().execute("select contrast from permutation_check")
    assert permuted.fetchall() == [("1-0",)]


def test_a_group_that_changes_within_people(cross_over: Shape) -> None:
    assert is_truth(cross_over.found("main", "drug"))
    assert is_truth(cross_over.found("simple", "drug"))
    assert cross_over.kinds("main") == {
        "drug": "within", "drugvsplacebo_first": "between", "drugvsplacebo_second": "between",
    }  # fmt: skip
    assert cross_over.kinds("simple") == {"drug": "within"}
    assert "the group changes within 10 of 10 people" in cross_over.check
    assert "without a sample at" not in cross_over.check
    people = cross_over.con.cursor().execute(
        "select study_group, n_groups, count(*) from dim_subject group by all order by 1"
    )
    assert people.fetchall() == [("drug", 2, 5), ("placebo", 2, 5)]
