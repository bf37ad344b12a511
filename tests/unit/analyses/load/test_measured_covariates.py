"""Numbers of an assay as covariates of another: of which sample, and who is left out."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import polars as pl
import pytest

from analyses.design.model_matrix import build_design
from analyses.load.measured_covariates import with_measured, without_unmeasured
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study
from cohortmart.core.study.variables import MeasuredName, measured_name

STUDY = Study.model_validate(
    {
        "study": "s",
        "samples": [{"file": "s.csv", "sample": "a", "subject": "b", "group": "c",
                     "timepoint": "d", "cell_type": "e", "visit_key": ["state"],
                     "covariates": ["x.y"]}],
        "timepoints": ["1st", "3rd"],
        "groups": ["HP", "MS"],
        "assays": {"rna": {"kind": "counts", "files": ["r.csv"]},
                   "meth": {"kind": "beta", "files": ["m.csv"]},
                   "x": {"kind": "continuous", "files": ["x.csv"]},
                   "cells.fine": {"kind": "continuous", "files": ["x.csv"]}},
        "derive": {"cells": {"from": "meth", "method": "cell_fractions", "reference": "f"}},
    }
).with_derived()  # fmt: skip
#: sample, subject, timepoint, cell type, state, in cells
ROWS = [
    ("r1", "p1", "1st", "CD4", "rest", False),
    ("r2", "p1", "3rd", "CD4", "rest", False),
    ("r3", "p2", "1st", "CD4", "act", False),
    ("r4", "p2", "3rd", "CD4", "rest", False),
    ("r5", "p3", "1st", "CD4", "rest", False),
    ("m1", "p1", "1st", "blood", "rest", True),
    ("m2", "p1", "3rd", "CD8", "rest", True),
    ("m3", "p1", "3rd", "CD4", "rest", True),
    ("m4", "p2", "1st", "CD4", "rest", True),
    ("m5", "p2", "1st", "CD4", "act", True),
    ("m6", "p2", "3rd", "CD8", "rest", True),
    ("m7", "p2", "3rd", "blood", "rest", True),
]
VALUES: Mapping[str, float | None] = {
    "m1": 0.1, "m2": 0.2, "m3": 0.3, "m4": 0.4, "m5": 0.5, "m6": 0.6, "m7": 0.7
}  # fmt: skip


def samples(*names: str) -> pl.DataFrame:
    columns = ["sample_id", "subject_id", "timepoint", "cell_type", "state"]
    frame = pl.DataFrame([row[:5] for row in ROWS], schema=columns, orient="row")
    frame = frame.with_columns(study_group=pl.lit("HP"))
    return frame.filter(pl.col("sample_id").is_in(names)) if names else frame


def warehouse(values: Mapping[str, float | None] = VALUES) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.register("given", samples())
    con.execute("create table dim_sample as select * from given")
    con.execute("create table qc_sample (assay varchar, sample_id varchar, filter_reason varchar)")
    con.execute("create table dim_measure (assay varchar, feature_id varchar)")
    con.execute(
        "create table fct_measurement "
        "(assay varchar, feature_id varchar, sample_id varchar, transformed_value double)"
    )
    for name, value in values.items():
        con.execute("insert into qc_sample values ('cells', $1, null)", [name])
        con.execute("insert into fct_measurement values ('cells', 'NK', $1, $2)", [name, value])
    con.execute("insert into dim_measure values ('cells', 'NK'), ('cells', 'B.naive')")
    return con


RNA = ("r1", "r2", "r3", "r4", "r5")


def test_the_only_sample_of_the_visit_or_the_one_alike() -> None:
    found, notes = with_measured(warehouse(), samples(*RNA), ["cells.NK"], STUDY, "analysis a")
    # r1: the only one; r2: of the same cell type; r3: of the same state; r4: two of other types
    assert found["sample_id"].to_list() == ["r1", "r2", "r3"]
    assert found["cells.NK"].to_list() == [0.1, 0.3, 0.5]
    assert notes == (
        "`cells.NK` of 3 samples is that of another sample of the same person and timepoint",
        "2 samples left out, without a value of `cells.NK` (1 of them because cells has several "
        "samples of the visit): r4, r5",
    )


def test_the_sample_itself_comes_first_even_without_a_value() -> None:
    con = warehouse({**VALUES, "m2": None, "m3": float("nan")})
    found, notes = with_measured(con, samples("m1", "m2", "m3"), ["cells.NK"], STUDY, "a")
    assert found["cells.NK"].to_list() == [0.1]
    assert notes == ("2 samples left out, without a value of `cells.NK`: m2, m3",)


def test_what_is_no_number_of_an_assay_is_passed_over() -> None:
    found, notes = with_measured(warehouse(), samples(*RNA), ["x.y", "age"], STUDY, "a")
    assert found.equals(samples(*RNA))
    assert notes == ()


def test_before_the_run_the_samples_are_known() -> None:
    con = warehouse()
    con.execute("drop table fct_measurement")
    found, notes = without_unmeasured(con, samples(*RNA), ["cells.NK"], STUDY, "a")
    assert found["sample_id"].to_list() == ["r1", "r2", "r3"]
    assert found.columns == samples().columns
    assert len(notes) == 2


def test_a_feature_that_the_assay_does_not_have() -> None:
    with pytest.raises(AnalysisError) as caught:
        with_measured(warehouse(), samples(*RNA), ["cells.NKT"], STUDY, "analysis a")
    assert caught.value.problem == "analysis a: the assay cells has no `NKT`"
    assert caught.value.hint == "did you mean `cells.NK`?"


def test_no_sample_with_a_value() -> None:
    with pytest.raises(AnalysisError, match="no sample has a value"):
        with_measured(warehouse(), samples("r5"), ["cells.NK"], STUDY, "a")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cells.NK", ("cells", "NK")),
        ("cells.B.naive", ("cells", "B.naive")),
        ("cells.fine.NK", ("cells.fine", "NK")),
        ("rna.IL2", ("rna", "IL2")),
        ("x.y", None),  # a column of the sheet
        ("x.z", ("x", "z")),
        ("cells.", None),
        ("cells", None),
        ("age", None),
    ],
)
def test_names(name: str, found: tuple[str, str] | None) -> None:
    assert measured_name(name, STUDY) == (found and MeasuredName(name, *found))


@pytest.mark.parametrize(
    "model",
    [
        Model(means=("timepoint",), covariates=("cells.NK",)),
        Model(formula="0 + timepoint + `cells.NK`"),
    ],
)
def test_the_design_has_the_number_as_a_column(model: Model) -> None:
    frame = samples(*RNA).with_columns(pl.Series("cells.NK", [0.1, 0.2, 0.5, 0.3, 0.9]))
    assert model.names == ("cells.NK",)
    design = build_design(frame, model, STUDY, "a")
    if model.formula is not None:
        assert design.columns == ("timepoint[1st]", "timepoint[3rd]", "cells.NK")
        return
    assert design.columns == ("1st", "3rd", "cells.NK")
    assert design.matrix[:, 2].tolist() == [0.1, 0.2, 0.5, 0.3, 0.9]
