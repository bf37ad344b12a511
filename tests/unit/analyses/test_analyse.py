"""The steps of `analyse` together: what is shared, what one analysis alone computes, failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analyses import pipeline, step
from analyses.fit import prepare as prepare_module
from analyses.pipeline import STEPS, analyse
from analyses.step import Made, Run, Step
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import RESULT_SETS, RESULT_TABLES
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home

ALL_STEPS = [s for row in STEPS for s in row]
FITS = {"contrasts", "permutations", "sensitivity"}


def study() -> Study:
    """Two analyses of one assay, each with everything that fits."""
    analysis = {
        "assay": "rna", "values": "voom", "contrasts": {"HP_3rd-1st": "HP.3rd - HP.1st"},
        "model": {"means": ["group", "timepoint"], "block": "subject"},
        "permutations": {"n": 100}, "sensitivity": {"top": 5},
    }  # fmt: skip
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "group": "c",
                         "timepoint": "d"}],
            "timepoints": ["1st", "3rd"],
            "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["r.csv"]}},
            "analyses": {"cd4": analysis, "cd8": analysis},
        }
    )  # fmt: skip


class Analyses:
    """Every step stands in for itself: it asks for what was prepared and writes no rows."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.calls: list[tuple[str, str]] = []
        self.prepared: list[str] = []
        self.fails: set[tuple[str, str]] = set()
        self.said: list[str] = []
        monkeypatch.setattr(step, "connect_read_only", lambda _: duckdb.connect())
        monkeypatch.setattr(step, "refuse_stale", lambda *_: None)
        monkeypatch.setattr(prepare_module, "prepare", self._prepare)
        rows = tuple(tuple(replace(s, make=self._make(s)) for s in row) for row in STEPS)
        monkeypatch.setattr(pipeline, "STEPS", rows)

    def _prepare(self, _con: object, _study: Study, name: str, *_: object) -> str:
        self.prepared.append(name)
        return f"inputs of {name}"

    def _make(self, of: Step) -> Callable[[Run], Made]:
        def make(run: Run) -> Made:
            self.calls.append((of.name, run.name))
            if of.name in FITS:
                assert run.preparation.inputs() == f"inputs of {run.name}"
            if (of.name, run.name) in self.fails:
                raise AnalysisError(f"{of.name} of {run.name}")
            return Made({t: [RESULT_TABLES[t].empty_table()] for t in of.tables})

        return make

    def run(self, **options: Any) -> set[tuple[str, str]]:
        """Return what was computed."""
        self.calls.clear()
        self.prepared.clear()
        self.said.clear()
        self.summary = analyse(study(), self.home, say=self.said.append, **options)
        return set(self.calls)

    def there(self, name: str) -> set[str]:
        return {e.table_name for e in read_current(self.home.results) if e.part == name}


@pytest.fixture
def analyses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Analyses:
    return Analyses(Home(tmp_path), monkeypatch)


def test_every_result_table_is_written_by_one_step() -> None:
    written = [table for s in ALL_STEPS for table in s.tables]
    assert sorted(written) == sorted(RESULT_TABLES)
    assert {s.name: set(s.tables) for s in ALL_STEPS} == {n: set(t) for n, t in RESULT_SETS.items()}


def test_what_is_fitted_is_prepared_once_for_all_steps(analyses: Analyses) -> None:
    computed = analyses.run()
    assert {(s, n) for s in FITS for n in ("cd4", "cd8")} <= computed
    assert analyses.prepared == ["cd4", "cd8"]
    assert analyses.summary.done == ("cd4", "cd8")


def test_a_second_run_computes_and_prepares_nothing(analyses: Analyses) -> None:
    analyses.run()
    assert analyses.run() == set()
    assert analyses.prepared == []
    assert analyses.summary.skipped == ("cd4", "cd8")
    assert "cd4: results are there already" in analyses.said


def test_one_analysis_alone_is_computed_although_it_is_there(analyses: Analyses) -> None:
    analyses.run()
    assert analyses.run(only="cd8") == {("contrasts", "cd8")}
    assert analyses.summary.done == ("cd8",)


def test_one_analysis_alone_leaves_the_others_contrasts(analyses: Analyses) -> None:
    computed = analyses.run(only="cd8")
    assert ("quality", "rna") in computed
    assert {name for s, name in computed if s != "quality"} == {"cd8"}
    assert analyses.there("cd4") == set()


def test_without_contrasts_nothing_of_an_analysis_stays(analyses: Analyses) -> None:
    analyses.run()
    analyses.fails.add(("contrasts", "cd8"))
    with pytest.raises(AnalysisError, match="contrasts of cd8"):
        analyses.run(only="cd8")
    assert analyses.there("cd8") == set()
    assert analyses.there("rna") > {"sample_set"}
    assert analyses.there("cd4") > {"contrast_result", "threshold", "sensitivity"}
    assert "cd8: no overlap of contrasts, as cd8 has no results" in analyses.said


def test_all_faults_are_said_at_once(analyses: Analyses) -> None:
    analyses.fails |= {("contrasts", "cd8"), ("permutations", "cd4")}
    with pytest.raises(AnalysisError, match="2 parts of the analyses") as caught:
        analyses.run()
    assert "contrasts of cd8" in str(caught.value)
    assert "permutations of cd4" in str(caught.value)
    assert ("sensitivity", "cd4") in analyses.calls
