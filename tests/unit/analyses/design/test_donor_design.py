"""A donor as a fixed effect, on the real sheet of the T-cell time course."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from analyses.design.model_matrix import build_design
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study


def test_equals_the_design_of_r(shared_data: Path, study: Study) -> None:
    folder = shared_data / "rnaseq_tcells"
    sheet = pl.read_csv(folder / "samples.csv").rename(
        {"sample": "sample_id", "donor": "subject_id", "group": "state"}
    )
    expected = pl.read_csv(folder / "expected" / "design_matrix.csv")
    ordered = expected.select(sample_id="sample").join(sheet, on="sample_id", how="left")
    model = Model(means=("state",), covariates=("subject",))
    design = build_design(ordered, model, study, "analysis x")
    names = [c.replace("subject", "donor") for c in design.columns]
    assert set(names) == set(expected.columns) - {"sample"}
    np.testing.assert_array_equal(design.matrix, expected.select(names).to_numpy())
    assert design.rank == len(names)
