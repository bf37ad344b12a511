"""What of a fit goes into the tables of designs and notes, and when these are written anew."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from analyses.contrasts import contrast_set as module
from analyses.contrasts.contrast_set import CONTRASTS, analysis_notes
from analyses.fit.response import SampleWeightedValues, ValueBlock, ValuesInMemory
from analyses.stats.counts.voom import VoomTrend
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.write.results import fingerprint
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home

NAN = np.full((2, 1), np.nan)


def study(**changes: Any) -> Study:
    """One analysis; `changes` go into it."""
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "group": "c",
                         "timepoint": "d"}],
            "timepoints": ["1st", "3rd", "PP"],
            "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["r.csv"]}},
            "analyses": {"cd8": {
                "assay": "rna", "values": "voom",
                "contrasts": {"HP_3rd-1st": "HP.3rd - HP.1st", "HP_PP-3rd": "HP.PP - HP.3rd"},
                "model": {"means": ["group", "timepoint"], "block": "subject"},
                "rebound": {"pairs": [["3rd-1st", "PP-3rd"]]}, **changes,
            }},
        }
    )  # fmt: skip


def outcome(values: Any, ratio: float = 1.0) -> Any:
    """Two samples, two coefficients, one contrast; limma's errors are `ratio` times the exact."""
    inputs = SimpleNamespace(
        notes=("no sample is HP.PP",),
        values=values,
        design=SimpleNamespace(
            sample_ids=("s2", "s1"), columns=("HP", "MS"), matrix=np.eye(2), rank=2
        ),
        contrasts=SimpleNamespace(names=("MSvsHP",), matrix=np.array([[-1.0], [1.0]])),
    )
    fit = SimpleNamespace(
        estimate=np.zeros((2, 1)), limma_ratio=np.array([[1.0], [ratio]]), df_contrast=None
    )
    return SimpleNamespace(inputs=inputs, results=SimpleNamespace(fit=fit))


def test_notes_of_the_samples_then_of_errors_then_of_the_preset() -> None:
    analysis = study(rebound={"pairs": [["3rd-1st", "PP-3rd"]], "preset": "paper"}).analyses["cd8"]
    kinds, words = zip(*analysis_notes(analysis, outcome(None, 1.5)), strict=True)
    assert kinds == ("note", "note", *["preset"] * 5)
    assert words[0] == "no sample is HP.PP"
    assert "1.005 to 1.495 times the exact ones" in words[1]
    assert all(w.startswith("preset paper: ") for w in words[2:])
    plain = study().analyses["cd8"]
    assert analysis_notes(plain, outcome(None)) == [("note", "no sample is HP.PP")]


@pytest.mark.parametrize("method", ["moments", "likelihood"])
def test_the_prior_that_was_used_is_told(method: Any) -> None:
    of = study()
    made = outcome(None)
    made.results.prior = VariancePrior(np.full(2, 3.0), np.array([0.5, 0.6]), method)
    made.results.feature_ids = pa.array(["g1", "g2"])
    made.inputs.contrasts.expressions = made.inputs.contrasts.meanings = ("MS - HP",)
    made.inputs.correlation = 0.25
    made.inputs.pairs = [SimpleNamespace(n_samples=2, n_subjects=2, kind="between", n_complete=1)]
    (contrast,) = module._contrast_rows("cd8", of.analyses["cd8"], made).to_pylist()
    assert contrast["variance_prior"] == method
    assert (contrast["df_prior"], contrast["s2_prior"]) == (3.0, None)
    how = {"library_versions": "{}", "inputs": "{}", "seconds": 0.0}
    (run,) = module._run_row("cd8", of.analyses["cd8"], made, how).to_pylist()
    assert json.loads(run["parameters"])["moderation"]["prior"] == method


def test_the_trend_is_there_for_voom_alone() -> None:
    trend = VoomTrend(np.array([1.0, np.nan]), np.array([0.5, np.nan]), np.array([0.25, np.nan]))
    block = ValueBlock(pa.array(["g1", "g2"]), NAN)
    voomed = module._design_tables("cd8", outcome(ValuesInMemory(block, None, trend)).inputs)
    (table,) = voomed["voom_trend"]
    assert table.to_pylist() == [
        {"analysis": "cd8", "feature_id": "g1", "mean_log2_count": 1, "sqrt_sd": 0.5, "trend": 0.25}
    ]
    (design,) = voomed["design_value"]
    assert design["sample_id"].to_pylist() == ["s2", "s2", "s1", "s1"]
    (weights,) = voomed["contrast_weight"]
    assert weights.select(["coefficient", "weight"]).to_pylist() == [
        {"coefficient": "HP", "weight": -1.0},
        {"coefficient": "MS", "weight": 1.0},
    ]
    plain = ValuesInMemory(block)
    for values in (plain, SampleWeightedValues(plain, np.ones(1))):
        assert module._design_tables("cd8", outcome(values).inputs)["voom_trend"] == []


def test_a_note_of_another_preset_is_written(tmp_path: Path) -> None:
    """How modules are made moves no contrast, but one of the notes beside them says it."""
    marks: list[str] = []
    for modules in (None, {"mode": "fixed"}, {"mode": "paper"}):
        of = study(**({} if modules is None else {"modules": modules}))
        options = CONTRASTS.options(of, "cd8")
        marks.append(fingerprint(CONTRASTS.inputs(of, Home(tmp_path), "cd8", options)))
    assert marks[0] == marks[1] != marks[2]
