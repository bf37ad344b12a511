"""Steps that fit again: what is computed anew when something changes, what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyses.fingerprints import CONTRAST_TABLES
from analyses.pipeline import STEPS
from analyses.step import Made, Run, Step, take_steps
from analyses.write.results import drop_set, write_set
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home


def study(**changes: Any) -> Study:
    """One analysis with both checks; `changes` go into it."""
    analysis = {
        "assay": "rna", "values": "voom", "contrasts": {"HP_3rd-1st": "HP.3rd - HP.1st"},
        "model": {"means": ["group", "timepoint"], "block": "subject"},
        "permutations": {"n": 100}, "sensitivity": {"top": 5}, **changes,
    }  # fmt: skip
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "group": "c",
                         "timepoint": "d"}],
            "timepoints": ["1st", "3rd"],
            "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["r.csv"]}},
            "analyses": {"cd8": {k: v for k, v in analysis.items() if v is not None}},
        }
    )  # fmt: skip


CHECKS = ("permutations", "sensitivity")


class Checks:
    """Stands for the two steps: counts its calls, writes empty tables."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.calls: list[str] = []
        self.fails: set[str] = set()
        self.faults: list[AnalysisError] = []
        self.row = [
            replace(s, make=self._make(s)) for row in STEPS for s in row if s.name in CHECKS
        ]

    def _make(self, step: Step) -> Callable[[Run], Made]:
        def make(_: Run) -> Made:
            self.calls.append(step.name)
            if step.name in self.fails:
                raise AnalysisError(f"{step.name} cannot be computed")
            return Made({t: [RESULT_TABLES[t].empty_table()] for t in step.tables})

        return make

    def run(self, of: Study) -> list[str]:
        """Return what was computed."""
        self.calls.clear()
        self.faults = take_steps([self.row], of, self.home, lambda _: None).faults
        return sorted(self.calls)

    def there(self) -> set[str]:
        wanted = {table for step in self.row for table in step.tables}
        return {e.table_name for e in read_current(self.home.results)} & wanted


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    home = Home(tmp_path)
    for room in (home.lake, home.results):
        room.mkdir(parents=True)
    empty = {t: [RESULT_TABLES[t].empty_table()] for t in CONTRAST_TABLES}
    write_set(home, CONTRAST_TABLES, "cd8", "f" * 64, empty)
    return Checks(home)


def test_a_second_run_computes_nothing(checks: Checks) -> None:
    assert checks.run(study()) == ["permutations", "sensitivity"]
    assert checks.run(study()) == []


@pytest.mark.parametrize(
    ("changes", "computed"),
    [
        ({"permutations": {"n": 200}}, ["permutations"]),
        ({"sensitivity": {"top": 9}}, ["sensitivity"]),
        ({"thresholds": {"p": 0.01}}, ["sensitivity"]),
        ({"values": "log_cpm"}, ["permutations", "sensitivity"]),
        ({"enrichment": {}}, []),
    ],
)
def test_only_what_depends_on_a_change_is_computed(
    checks: Checks, changes: dict[str, Any], computed: list[str]
) -> None:
    checks.run(study())
    assert checks.run(study(**changes)) == computed


def test_a_check_that_is_not_wanted_any_more_leaves_the_results(checks: Checks) -> None:
    checks.run(study())
    checks.run(study(permutations=None))
    assert checks.there() == {"sensitivity"}


def test_one_that_fails_leaves_the_other_and_no_old_rows(checks: Checks) -> None:
    checks.run(study())
    checks.fails.add("permutations")
    assert checks.run(study(values="log_cpm")) == ["permutations", "sensitivity"]
    assert [e.problem for e in checks.faults] == ["permutations cannot be computed"]
    assert checks.there() == {"sensitivity"}


def test_without_contrasts_there_is_nothing_to_check(checks: Checks) -> None:
    checks.run(study())
    drop_set(checks.home, CONTRAST_TABLES, "cd8")
    assert checks.run(study()) == []
    assert checks.there() == set()
