"""Matrices of `cohortmart.open` are the long tables, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cohortmart
from cohortmart.api.matrix import READERS

#: By kind: the long table, its feature and the column of each value.
LONG = {
    "counts": ("fct_gene_expression", "gene_id", {v: v for v in ("log2_cpm", "cpm", "count")}),
    "beta": ("fct_probe_methylation", "probe_id", {v: v for v in ("beta", "m_value")}),
    "continuous": (
        "fct_measurement", "feature_id", {"transformed": "transformed_value", "value": "value"},
    ),
}  # fmt: skip
WHERE = (
    None,
    "cell_type = 'CD8'",
    "cell_type = 'CD4' and study_group <> 'HC' -- the patients and their controls",
    "age > (select avg(age) from dim_sample)",
    "sample_id = 'DEMO_0103'",
)
ASSAYS = {"rna": "counts", "methylation": "beta", "proteins": "continuous", "cells": "continuous"}


@pytest.fixture(scope="module")
def study(demo_run: Path) -> Iterator[cohortmart.Study]:
    with cohortmart.open(demo_run) as study:
        yield study


def long_values(
    study: cohortmart.Study, assay: str, values: str, where: str | None, ids: list[str] | None
) -> tuple[list[str], list[str], np.ndarray]:
    """Features, samples and values of the long table, by feature and sample."""
    table, feature, columns = LONG[ASSAYS[assay]]
    rows = study.sql(
        f"""
        select l.{feature} as feature, l.sample_id, l.{columns[values]} as value
        from {table} as l inner join (select * from dim_sample where {where or "true"}
        ) as s using (sample_id)
        where l.assay = $assay and ($ids is null or list_contains($ids::varchar[], l.{feature}))
        order by l.{feature}, l.sample_id
        """,
        {"assay": assay, "ids": ids},
    ).pl()
    features = rows["feature"].unique(maintain_order=True).to_list()
    samples = rows["sample_id"].unique().sort().to_list()
    array = rows["value"].cast(float).fill_null(np.nan).to_numpy()
    return features, samples, array.reshape(len(features), -1)


def check(
    study: cohortmart.Study,
    matrix: cohortmart.Matrix,
    where: str | None,
    ids: list[str] | None,
) -> None:
    features, samples, values = long_values(study, matrix.assay, matrix.unit, where, ids)
    assert matrix.features["feature_id"].to_list() == features
    assert matrix.samples["sample_id"].to_list() == samples
    assert matrix.values.dtype == np.float64
    np.testing.assert_array_equal(matrix.values, values)


@pytest.mark.parametrize(
    ("assay", "values"), [(a, v) for a, kind in ASSAYS.items() for v in READERS[kind]]
)
def test_every_value_equals_the_long_table(
    study: cohortmart.Study, assay: str, values: str
) -> None:
    matrix = study.matrix(assay, values)
    check(study, matrix, None, None)
    assert matrix.shape == matrix.values.shape
    assert f"{assay}, {values}: " in repr(matrix)
    expected = study.sql("from dim_sample order by sample_id").pl()
    assert matrix.samples.equals(
        expected.filter(expected["sample_id"].is_in(matrix.samples["sample_id"].to_list()))
    )


@settings(max_examples=12)
@given(data=st.data())
def test_any_samples_features_and_blocks(study: cohortmart.Study, data: st.DataObject) -> None:
    assay = data.draw(st.sampled_from(sorted(ASSAYS)))
    values = data.draw(st.sampled_from(sorted(READERS[ASSAYS[assay]])))
    where = data.draw(st.sampled_from(WHERE))
    table, feature, _ = LONG[ASSAYS[assay]]
    known = study.sql(f"select distinct {feature} from {table} where assay = ?", [assay])
    ids = sorted(known.pl().to_series().to_list())
    asked = data.draw(st.none() | st.lists(st.sampled_from(ids), max_size=9))
    rows = data.draw(st.integers(1, 4000) if asked is None else st.integers(1, 5))
    if asked is None and rows < 500:
        rows += 500
    matrix = study.matrix(assay, values, where, asked)
    if asked == []:
        assert matrix.shape[0] == 0
        return
    check(study, matrix, where, asked)
    blocks = list(study.blocks(assay, values, where, asked, rows=rows))
    assert all(b.shape[0] == rows for b in blocks[:-1])
    np.testing.assert_array_equal(np.vstack([b.values for b in blocks]), matrix.values)
    assert [i for b in blocks for i in b.features["feature_id"]] == list(
        matrix.features["feature_id"]
    )


def test_features_go_by_name_and_a_gene_stands_for_its_cpgs(study: cohortmart.Study) -> None:
    genes = study.matrix("rna", features=["SYN470", "syn2", "ENSG90000000003"])
    assert genes.features["feature_name"].to_list() == ["SYN2", "SYN3", "SYN470"]
    wide = genes.pl()
    assert wide.columns[:3] == ["feature_id", "feature_name", genes.samples["sample_id"][0]]
    assert wide.height == 3
    cpgs = study.matrix("methylation", features=["SYN2"])
    assert cpgs.features["feature_name"].to_list() == ["SYN2", "SYN2"]
    assert study.matrix("proteins", features=["SYNP1"]).features["feature_name"].to_list() == [
        "SYNP1"
    ]


def test_what_is_not_there_is_said(study: cohortmart.Study) -> None:
    for ask, said in (
        (lambda: study.matrix("rnaseq"), "did you mean `rna`"),
        (lambda: study.matrix("rna", "log_cpm"), "did you mean `log2_cpm`"),
        (lambda: study.matrix("rna", "beta"), "one of log2_cpm, cpm, count"),
        (lambda: study.matrix("rna", where="celltype = 'CD8'"), "did you mean `cell_type`"),
        (lambda: study.matrix("rna", where="cell_type = 'CD9'"), "did you mean"),
        (lambda: study.matrix("rna", where="true); drop table x; --"), "matrix of rna"),
        (lambda: study.matrix("rna", where="age > $1"), "more than a condition"),
        (lambda: study.matrix("rna", features=["SYNN2"]), "did you mean `SYN2`"),
        (lambda: study.matrix("rna", features="SYN2"), "a list"),
        (lambda: next(study.blocks("rna", rows=0)), "1 row or more"),
    ):
        with pytest.raises(cohortmart.InputError) as caught:
            ask()
        assert said in str(caught.value)


def test_the_assays_say_what_can_be_asked(study: cohortmart.Study) -> None:
    rows = {r["assay"]: (r["kind"], r["samples"], r["values"]) for r in study.assays().to_dicts()}
    assert rows["rna"] == ("counts", 144, ["log2_cpm", "cpm", "count"])
    assert rows["methylation"][2] == ["beta", "m_value"]
    assert set(rows) == set(ASSAYS)
