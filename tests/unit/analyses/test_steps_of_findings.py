"""Steps of findings: what is computed again when something changes, what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyses.contrasts.thresholds import THRESHOLDS
from analyses.fingerprints import CONTRAST_TABLES
from analyses.pipeline import STEPS
from analyses.step import Made, Run, Step, take_steps
from analyses.write.results import write_set
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import Entry, read_current, switch_current, write_table
from cohortmart.core.schemas.tables import GENE_SET, RESULT_TABLES
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home

MODEL = {"means": ["group", "timepoint"], "block": "subject"}
CONTRASTS = {"HP_3rd-1st": "HP.3rd - HP.1st", "HP_PP-3rd": "HP.PP - HP.3rd"}


def study(**changes: Any) -> Study:
    """RNA in CD4 and CD8 and methylation in CD8; `changes` go into `cd8`."""
    common = {"model": MODEL, "contrasts": CONTRASTS}
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "group": "c",
                         "timepoint": "d"}],
            "timepoints": ["1st", "3rd", "PP"],
            "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["r.csv"]},
                       "meth": {"kind": "beta", "files": ["m.csv"]}},
            "analyses": {
                "cd4": {"assay": "rna", "values": "voom", **common},
                "cd8": {"assay": "rna", "values": "voom", **common,
                        "rebound": {"pairs": [["3rd-1st", "PP-3rd"]]},
                        "enrichment": {}, "modules": {}, **changes},
                "cpg": {"assay": "meth", "values": "m_value", **common,
                        "dmp_deg": {"expression": "cd8"}},
            },
        }
    )  # fmt: skip


FINDINGS = ("overlap", "links", "enrichment", "modules", "module_overlap")


class Steps:
    """Stands for the findings: counts its calls, writes tables without rows."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.calls: list[tuple[str, str]] = []
        self.fails: set[tuple[str, str]] = set()
        self.rows = [
            [THRESHOLDS],
            [replace(s, make=self._make(s)) for row in STEPS for s in row if s.name in FINDINGS],
        ]

    def _make(self, step: Step) -> Callable[[Run], Made]:
        def make(run: Run) -> Made:
            self.calls.append((step.name, run.name))
            if (step.name, run.name) in self.fails:
                raise AnalysisError(f"{step.name} of {run.name}")
            return Made({t: [RESULT_TABLES[t].empty_table()] for t in step.tables})

        return make

    def run(self, of: Study) -> list[tuple[str, str]]:
        """Follow up; return what was computed."""
        self.calls.clear()
        self.said: list[str] = []
        self.faults = take_steps(self.rows, of, self.home, self.said.append).faults
        return sorted(self.calls)

    def shown(self) -> set[tuple[str, str]]:
        entries = read_current(self.home.results)
        return {(e.table_name, e.part) for e in entries}


def write_contrasts(home: Home, name: str, mark: str) -> None:
    tables = {t: [RESULT_TABLES[t].empty_table()] for t in CONTRAST_TABLES}
    write_set(home, CONTRAST_TABLES, name, mark * 64, tables)


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    home = Home(tmp_path)
    for name in ("cd4", "cd8", "cpg"):
        write_contrasts(home, name, "1")
    return Steps(home)


ALL = [
    ("enrichment", "cd8"),
    ("links", "cpg"),
    ("module_overlap", "cd8"),
    ("modules", "cd8"),
    ("overlap", "cd4"),
    ("overlap", "cd8"),
    ("overlap", "cpg"),
]


def test_all_is_computed_once(steps: Steps) -> None:
    assert steps.run(study()) == ALL
    assert steps.run(study()) == []


def test_new_contrasts_are_followed_where_they_are_read(steps: Steps) -> None:
    steps.run(study())
    write_contrasts(steps.home, "cd4", "2")
    # CD8 is compared with CD4, which stands before it
    assert steps.run(study()) == [("overlap", "cd4"), ("overlap", "cd8")]
    write_contrasts(steps.home, "cd8", "2")
    assert steps.run(study()) == [
        ("enrichment", "cd8"), ("links", "cpg"), ("module_overlap", "cd8"), ("modules", "cd8"),
        ("overlap", "cd8"),
    ]  # fmt: skip


def test_a_threshold_computes_what_is_found_with_it(steps: Steps) -> None:
    steps.run(study())
    assert steps.run(study(thresholds={"p": 0.01})) == [
        ("enrichment", "cd8"), ("links", "cpg"), ("module_overlap", "cd8"), ("modules", "cd8"),
        ("overlap", "cd8"),
    ]  # fmt: skip


def test_an_option_computes_its_own_tables_only(steps: Steps) -> None:
    steps.run(study())
    assert steps.run(study(enrichment={"seed": 2})) == [("enrichment", "cd8")]


def test_a_new_gene_set_file_computes_enrichment_only(steps: Steps) -> None:
    steps.run(study())
    lake = steps.home.lake
    lake.mkdir()
    write_table(GENE_SET.empty_table(), lake / "gene_set-1.parquet")
    switch_current(lake, [Entry("gene_set", "", "gene_set-1.parquet")])
    assert steps.run(study()) == [("enrichment", "cd8")]


def test_what_is_no_longer_asked_for_leaves_the_results(steps: Steps) -> None:
    steps.run(study())
    assert ("module_gene", "cd8") in steps.shown()
    assert steps.run(study(modules=None)) == []
    assert {t for t, _ in steps.shown()} & {"module_gene", "module_summary"} == set()
    assert ("enrichment", "cd8") in steps.shown()


def test_a_failure_takes_its_tables_out_and_the_others_go_on(steps: Steps) -> None:
    steps.run(study())
    steps.fails.add(("enrichment", "cd8"))
    changed = study(enrichment={"seed": 2}, modules={"seed": 2})
    assert ("modules", "cd8") in steps.run(changed)
    assert [fault.problem for fault in steps.faults] == ["enrichment of cd8"]
    assert ("enrichment", "cd8") not in steps.shown()
    assert ("contrast_result", "cd8") in steps.shown()
    steps.fails.clear()
    assert steps.run(changed) == [("enrichment", "cd8")]  # it is tried again


def test_without_contrasts_there_is_nothing_to_follow(steps: Steps) -> None:
    steps.run(study())
    entries = read_current(steps.home.results)
    switch_current(steps.home.results, [e for e in entries if e.part != "cd8"])
    assert steps.run(study()) == []
    assert not any(t == "dmp_deg" for t, _ in steps.shown())  # its genes are gone
    assert "cpg: no CpG-gene pairs, as cd8 has no results" in steps.said


def test_an_analysis_that_lacks_does_not_take_the_overlaps_of_others_along(steps: Steps) -> None:
    steps.run(study())
    entries = read_current(steps.home.results)
    switch_current(steps.home.results, [e for e in entries if e.part != "cd4"])
    assert steps.run(study()) == [("overlap", "cd8")]  # with itself alone
    assert ("contrast_overlap", "cd8") in steps.shown()
