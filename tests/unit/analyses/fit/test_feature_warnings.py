"""Genes without a count, and few features: when they are said, and in which words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from analyses.fit.feature_warnings import prior_notes, unexpressed_warnings
from analyses.fit.response import (
    MethylationValues,
    SampleWeightedValues,
    ValueBlock,
    ValuesInMemory,
    values_of,
)
from analyses.load.normalised_counts import NormalisedCounts
from analyses.stats.linear.basis import design_basis
from cohortmart.core.study.records import Analysis
from tests.unit.analyses.contrasts.test_contrast_set import study


def analysis(values: str = "voom", filter: str = "none", **model: Any) -> Analysis:
    return Analysis.model_validate(
        {"assay": "rna", "values": values, "filter": filter, "contrasts": {"x": "a"},
         "model": {"means": ["group"], **model}}
    )  # fmt: skip


def of_genes(n: int, n_unexpressed: int) -> ValuesInMemory:
    ids = pa.array([f"G{i}" for i in range(n)])
    return ValuesInMemory(ValueBlock(ids, np.zeros((n, 2))), n_unexpressed=n_unexpressed)


def test_many_genes_without_a_count_are_warned_of_with_the_filter() -> None:
    (said,) = unexpressed_warnings(analysis(block="subject"), of_genes(4000, 1950))
    assert said.startswith("1,950 of 4,000 genes have no count in any of the chosen samples")
    assert "the correlation within blocks and the prior of the variances" in said
    assert "`filter: filter_by_expr`" in said
    (said,) = unexpressed_warnings(analysis("log_cpm", block="subject"), of_genes(400, 195))
    assert "correlation" not in said  # they do not vary, so they have no part in it
    weighted = SampleWeightedValues(of_genes(400, 195), np.ones(2))
    assert unexpressed_warnings(analysis("log_cpm"), weighted) == [said]


@pytest.mark.parametrize(("n", "warned"), [(0, False), (30, False), (31, True), (100, True)])
def test_a_few_genes_without_a_count_are_usual(n: int, warned: bool) -> None:
    assert bool(unexpressed_warnings(analysis(), of_genes(100, n))) is warned


def test_no_word_with_a_filter_or_of_betas() -> None:
    assert unexpressed_warnings(analysis(filter="filter_by_expr"), of_genes(100, 60)) == []
    betas = MethylationValues(cast(Any, None), None)
    assert unexpressed_warnings(analysis("m_value"), betas) == []


@pytest.mark.parametrize("values", ["voom", "log_cpm"])
def test_genes_are_counted_over_the_chosen_samples(values: str) -> None:
    counts = np.array([[0.0, 0, 0, 0], [0, 0, 0, 0.5], [9, 8, 7, 9], [0, 0, 0, 0], [3, 9, 1, 7]])
    library = counts.sum(axis=0) + 1
    log_cpm = np.log2((counts + 0.5) / library)
    normalised = NormalisedCounts(pa.array(list("abcde")), counts, library, log_cpm)
    design: Any = SimpleNamespace(expression_groups=None)
    samples: Any = {"sample_id": pl.Series(["w", "x", "y", "z"])}
    made = values_of(
        cast(Any, None), study(), "cd8", analysis(values), samples, design,
        design_basis(np.ones((4, 1))), None, lambda *_: normalised,
    )  # fmt: skip
    assert isinstance(made, ValuesInMemory)
    assert made.n_unexpressed == 2


def fit(n: int, n_silent: int = 0) -> Any:
    sigma2, df = np.ones(n + n_silent), np.full(n + n_silent, 4.0)
    sigma2[n:], df[n:] = np.nan, 0.0
    return SimpleNamespace(sigma2=sigma2, df_residual=df)


def test_a_prior_of_few_features_is_said() -> None:
    assert prior_notes(fit(50)) == []
    (said,) = prior_notes(fit(49, 30))
    assert said.startswith("the prior of the variances is estimated from 49 features")
    assert "from 2 features" in prior_notes(fit(2))[0]
    for n in (0, 1):
        assert "nothing is moderated (df_prior 0)" in prior_notes(fit(n, 5))[0]
