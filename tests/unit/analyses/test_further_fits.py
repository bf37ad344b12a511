"""Checks that fit again: what is computed anew when something changes, what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from analyses import further_fits as module
from analyses.further_fits import further_fits
from analyses.write.results import CONTRASTS, write_set
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import RESULT_SETS
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


class Checks:
    """Stands for the two drivers: counts its calls, writes empty tables."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.calls: list[str] = []
        self.fails: set[str] = set()
        self.faults: list[AnalysisError] = []
        monkeypatch.setattr(module, "connect_read_only", lambda _: duckdb.connect())
        monkeypatch.setattr(module, "refuse_stale", lambda *_: None)
        checks = tuple(replace(c, make=self._make(c.table_set)) for c in module._CHECKS)
        monkeypatch.setattr(module, "_CHECKS", checks)

    def _make(self, table_set: str) -> Callable[..., dict[str, list[pa.Table]]]:
        def make(*_: object) -> dict[str, list[pa.Table]]:
            self.calls.append(table_set)
            if table_set in self.fails:
                raise AnalysisError(f"{table_set} cannot be computed")
            return {t: [s.empty_table()] for t, s in RESULT_SETS[table_set].items()}

        return make

    def run(self, of: Study) -> list[str]:
        """Return what was computed."""
        self.calls.clear()
        self.faults = further_fits(of, self.home, lambda _: None)
        return sorted(self.calls)

    def there(self) -> set[str]:
        wanted = {*RESULT_SETS["permutations"], *RESULT_SETS["sensitivity"]}
        return {e.table_name for e in read_current(self.home.results)} & wanted


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checks:
    home = Home(tmp_path)
    for room in (home.lake, home.results):
        room.mkdir(parents=True)
    empty = {t: [s.empty_table()] for t, s in RESULT_SETS[CONTRASTS].items()}
    write_set(home, CONTRASTS, "cd8", "f" * 64, empty)
    return Checks(home, monkeypatch)


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
    module.drop_set(checks.home, CONTRASTS, "cd8")
    assert checks.run(study()) == []
    assert checks.there() == set()
