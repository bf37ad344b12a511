"""What makes results of an analysis stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analyses.fingerprints import dependencies, lake_inputs
from analyses.write.results import fingerprint
from cohortmart.core.lake.file_manifest import Entry, switch_current, write_table
from cohortmart.core.study.records import STEP_KEYS, Analysis, Study
from cohortmart.core.warehouse.home import Home

OF_BOTH = {"sample", "assay", "matrix_sample", "matrix:meth:raw", "matrix_sample:meth:bmiq"}
OF_PROBES = {"probe", "probe_mask"}
OF_OTHERS = {"matrix:rna:raw", "gene_set", "probe_gene", "feature", "network_edge"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.lake.mkdir(parents=True)
    entries = []
    for name in OF_BOTH | OF_PROBES | OF_OTHERS:
        table, _, part = name.partition(":")
        path = f"{name.replace(':', '-')}-1.parquet"
        write_table(pa.table({"x": [1]}), home.lake / path)
        entries.append(Entry(table, part, path))
    switch_current(home.lake, entries)
    return home


@pytest.mark.parametrize(
    ("values", "read"), [("m_value", OF_BOTH | OF_PROBES), ("beta", OF_BOTH | OF_PROBES),
                         ("voom", OF_BOTH), ("log_cpm", OF_BOTH)],
)  # fmt: skip
def test_manifest_and_masks_are_inputs_of_betas(home: Home, values: str, read: set[str]) -> None:
    inputs = lake_inputs(home, Analysis.model_construct(assay="meth", values=values))
    assert {name.rstrip(":") for name in inputs} == read
    assert all(path.endswith("-1.parquet") for path in inputs.values())


CHANGES: dict[str, Any] = {
    "thresholds": {"p": 0.01}, "permutations": {"n": 100}, "sensitivity": {"top": 3},
    "explained_by": {"variables": ["age"]}, "variance_partition": {"variables": ["age"]},
    "return_to": [{"reference": "HP", "from": "MS.1st", "to": ["MS.3rd"]}],
    "signatures": {"other_study": "table.csv"},
    "dmr": {}, "dmp_deg": {"expression": "other"}, "enrichment": {}, "modules": {},
}  # fmt: skip


def study(**changes: Any) -> Study:
    analysis = {
        "assay": "meth", "values": "m_value", "contrasts": {"c": "HP.3rd - HP.1st"},
        "model": {"means": ["group", "timepoint"]}, **changes,
    }  # fmt: skip
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "subject": "b"}],
            "timepoints": ["1st", "3rd"],
            "groups": ["HP", "MS"],
            "assays": {"meth": {"kind": "beta", "files": ["m.csv"]}},
            "analyses": {"main": analysis},
        }
    )


def mark(of: Study) -> str:
    return fingerprint(dependencies(of, of.analyses["main"], {}))


def test_what_a_step_is_asked_leaves_the_contrasts() -> None:
    assert set(CHANGES) == STEP_KEYS
    assert {mark(study(**{key: value})) for key, value in CHANGES.items()} == {mark(study())}


def test_what_the_fit_is_asked_does_not() -> None:
    changes: list[dict[str, Any]] = [
        {"values": "beta"}, {"where": "x = 1"}, {"contrast_errors": "limma"},
        {"moderation": {"trend": True}}, {"moderation": {"prior": "moments"}},
        {"moderation": {"prior": "likelihood"}}, {"voom": {"span": "adaptive"}},
        {"rebound": {"pairs": [["a", "b"]]}},
    ]  # fmt: skip
    marks = {mark(study(**change)) for change in changes}
    assert len(marks) == len(changes)
    assert mark(study()) not in marks
