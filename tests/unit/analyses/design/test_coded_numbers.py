"""Codes of batches among the numbers: told by name or values, and never of what is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.design.coded_numbers import coded_words, is_coded
from analyses.design.model_matrix import build_design
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import SampleSheet, Study

CODES = np.array([1.0, 2, 3] * 8)


@pytest.mark.parametrize(
    "name",
    ["batch", "Batch", "library_batch", "libraryBatch", "plate", "run", "seq_run", "slide",
     "Sentrix_ID", "beadchip", "chip2", "LANE", "site", "centre", "center", "pool", "library",
     "plate_number", "batch no.", "lane index", "runs", "subbatch", "operator", "kit"],
)  # fmt: skip
def test_what_batches_are_called(name: str) -> None:
    assert is_coded(name, CODES)
    assert is_coded(name, np.array([1.0, 2] * 6))
    barcodes = np.repeat([205832320001.0, 205832320002, 205832320155], 8)
    assert is_coded(name, barcodes)
    assert not is_coded(name, CODES + np.tile([0, 0.5, 0, 0], 6))
    assert not is_coded(name, np.arange(24.0))  # the order in which samples were run
    assert not is_coded(name, np.ones(24))
    assert not is_coded(name, np.array([]))


@pytest.mark.parametrize(
    "name",
    ["age", "Age", "weeks", "pregnancy_week", "parity", "n_plates", "n_children", "nChildren",
     "number_of_runs", "gravida", "edss", "dose", "grade", "library_size", "run_time",
     "days_on_slide", "bmi", "plate_concentration", "visit", "years_since_site"],
)  # fmt: skip
def test_what_is_counted_or_measured(name: str) -> None:
    assert not is_coded(name, CODES)
    assert not is_coded(name, np.array([1.0, 2] * 6))


def test_consecutive_codes_of_an_unknown_thing() -> None:
    assert is_coded("processing", CODES)
    assert is_coded("processing", CODES - 1)
    assert not is_coded("processing", CODES + 4)
    assert not is_coded("processing", np.array([1.0, 2] * 6))
    assert not is_coded("processing", np.array([1.0, 2, 4] * 6))
    assert not is_coded("processing", np.tile(np.arange(7.0), 4))
    assert not is_coded("scan", np.array([0.1, 0.2, 0.3] * 4))


def test_words() -> None:
    said = coded_words("slide", CODES)
    assert said.startswith("`slide` (1, 2, 3) is taken as a number")
    assert "move `slide` from samples.covariates to samples.factors" in said
    assert "(205832320001, 205832320002)" in coded_words(
        "s", np.array([205832320001, 205832320002])
    )


@pytest.mark.parametrize(
    ("model", "noted"),
    [
        ({"means": ("group",), "covariates": ("slide",)}, True),
        ({"means": ("group",), "covariates": ("age",)}, False),
        ({"means": ("group",)}, False),
        ({"formula": "group + slide"}, True),
        ({"formula": "group + `slide`"}, True),
        ({"formula": "group + C(slide)"}, False),
        ({"formula": "group + age"}, False),
        ({"formula": "group + age:slide"}, True),
    ],
)
def test_notes_of_a_model(
    make_samples: Callable[..., pl.DataFrame], study: Study, model: dict[str, Any], noted: bool
) -> None:
    sheet = SampleSheet(file=Path("s.csv"), subject="subject", covariates=("slide", "age"))
    samples = make_samples(
        [(f"p{i}", "HP" if i % 2 else "MS", "1st") for i in range(12)],
        slide=[float(i % 3 + 1) for i in range(12)], age=[20.0 + i // 3 for i in range(12)],
    )  # fmt: skip
    study = study.model_copy(update={"samples": (sheet,)})
    design = build_design(samples, Model.model_validate(model), study, "analysis x")
    assert any("is taken as a number" in note for note in design.notes) is noted
