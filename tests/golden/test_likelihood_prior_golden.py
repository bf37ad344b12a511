"""The prior of the variances by likelihood against limma 3.63.2, on real betas with gaps.

limma's search for df_prior stops at 1e-4 of h / (1 + h), h half of it, and ours does not. So three
things are compared: all numbers as far as that search goes; the likelihoods of both df_prior, by
the formula written here; and all numbers again with limma's df_prior put in, to its ten digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import special

from analyses.fit.variance_prior import prior_of
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.methylation.m_value import m_value
from analyses.stats.moderation.ebayes import ModeratedFit, ebayes
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.moderation.likelihood_prior import (
    LogVariances,
    most_likely_df,
    reweighted,
    s2_prior_of,
    usable,
)
from analyses.stats.moderation.likelihood_prior_robust import outlier_weights, own_df
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.study.records import Analysis
from cohortmart.core.types import Floats
from tests.support.real_data import RTable, r_table, read_table

FOLDER = "expected_limma_3_63"
DATA = ("as_is", "masked")
VARIANTS = ("plain", "trend", "robust", "trend_robust")
#: How close df_prior and t must be, as limma's search ends early (README of the data).
DF_PRIOR, T = 1e-3, 3e-4
#: Ten digits of limma's tables, those of the df_prior put in included.
TEN_DIGITS = 2e-9


@dataclass(frozen=True)
class Betas:
    """Probes, the fits of ~ sex + age + race (sexM) and limma's results."""

    features: list[str]
    fits: dict[str, ContrastFit]
    expected: dict[tuple[str, str], RTable]
    folder: Path


Moderated = dict[tuple[str, str], tuple[VariancePrior, ModeratedFit]]


def masked(y: Floats) -> Floats:
    """Without every cell with (7 i + 13 j) mod 19 = 0, row i and column j counted from 1."""
    row, column = np.arange(1, y.shape[0] + 1)[:, None], np.arange(1, y.shape[1] + 1)
    return np.where((7 * row + 13 * column) % 19 == 0, np.nan, y)


@pytest.fixture(scope="module")
def epic(shared_data: Path) -> Betas:
    folder = shared_data / "epic_chr18_21"
    table, sheet = read_table(folder / "betas.csv.gz"), read_table(folder / "samples.csv")
    assert table.columns[1:] == sheet["sample"].to_list()
    beta = table.drop("probe_id").cast(pl.Float64).to_numpy()
    design = np.column_stack(
        [
            np.ones(len(sheet)),
            (sheet["sex"] == "M").to_numpy(),
            sheet["age"].cast(pl.Float64).to_numpy(),
            (sheet["race"] == "CA").to_numpy(),
        ]
    )
    basis, y = design_basis(design), m_value(beta, 1e-6)
    fits = {
        name: fit_contrasts(values, basis, np.eye(4)[:, 1:2])
        for name, values in (("as_is", y), ("masked", masked(y)))
    }
    expected = {
        (data, variant): r_table(folder / FOLDER / f"{data}_{variant}.csv.gz")
        for data, variant in product(DATA, (*VARIANTS, "plain_legacy"))
    }
    return Betas(table["probe_id"].to_list(), fits, expected, folder / FOLDER)


def analysis(variant: str) -> Analysis:
    """Moderation as a study asks for it; the likelihood is not named, being the default here."""
    moderation: dict[str, Any] = {"trend": "trend" in variant, "robust": "robust" in variant}
    if variant == "plain_legacy":
        moderation["prior"] = "moments"
    return Analysis.model_validate(
        {"assay": "x", "values": "measured", "model": {"means": ["sex"]},
         "contrasts": {"a": "M - F"}, "moderation": moderation}
    )  # fmt: skip


@pytest.fixture(scope="module")
def moderated(epic: Betas) -> Moderated:
    """Our prior and moderated fit of every data set and variant."""
    made = {}
    for data, variant in epic.expected:
        prior = prior_of(analysis(variant), epic.fits[data])
        made[data, variant] = prior, ebayes(epic.fits[data], prior)
    return made


def third(values: Floats) -> Floats:
    """Rows that limma's tables have."""
    return values[::3]


def test_no_file_is_left_out(epic: Betas) -> None:
    files = {path.name for path in epic.folder.iterdir()}
    assert files == {"meta.csv"} | {f"{data}_{variant}.csv.gz" for data, variant in epic.expected}
    missing = {data: np.unique(fit.df_residual).tolist() for data, fit in epic.fits.items()}
    assert missing == {"as_is": [18, 19, 20], "masked": [16, 17, 18, 19]}


@pytest.mark.parametrize(("data", "variant"), list(product(DATA, VARIANTS)))
def test_limma_agrees_as_far_as_its_search_goes(
    epic: Betas, moderated: Moderated, data: str, variant: str
) -> None:
    expected, fit = epic.expected[data, variant], epic.fits[data]
    prior, found = moderated[data, variant]
    assert prior.method == "likelihood"
    assert epic.features[::3] == expected.features
    np.testing.assert_array_equal(third(fit.df_residual), expected["df_residual"])
    np.testing.assert_allclose(third(fit.estimate[:, 0]), expected["logFC"], rtol=0, atol=1e-9)
    for off in ({"rtol": DF_PRIOR}, {"rtol": 0, "atol": DF_PRIOR}):
        np.testing.assert_allclose(third(prior.df_prior), expected["df_prior"], **off)
    t = third(found.t[:, 0])
    assert np.max(np.abs(t - expected["t"]) / np.maximum(1, np.abs(expected["t"]))) < T
    for values, name in (
        (prior.s2_prior, "s2_prior"),
        (found.s2_post, "s2_post"),
        (found.df_total[:, 0], "df_total"),
        (found.p_value[:, 0], "P.Value"),
    ):
        np.testing.assert_allclose(third(values), expected[name], rtol=T, err_msg=name)
    adjusted = benjamini_hochberg(found.p_value)[:, 0]
    np.testing.assert_allclose(third(adjusted), expected["adj.P.Val"], rtol=T)
    np.testing.assert_allclose(third(found.b[:, 0]), expected["B"], rtol=0, atol=T)


@pytest.mark.parametrize("data", DATA)
def test_the_moments_are_limmas_legacy(epic: Betas, moderated: Moderated, data: str) -> None:
    expected = epic.expected[data, "plain_legacy"]
    prior, found = moderated[data, "plain_legacy"]
    assert prior.method == "moments"
    for values, name in (
        (found.t[:, 0], "t"),
        (prior.df_prior, "df_prior"),
        (prior.s2_prior, "s2_prior"),
        (found.s2_post, "s2_post"),
        (found.df_total[:, 0], "df_total"),
        (found.p_value[:, 0], "P.Value"),
        (found.b[:, 0], "B"),
    ):
        np.testing.assert_allclose(third(values), expected[name], rtol=TEN_DIGITS, err_msg=name)


def test_medians_and_numbers_of_findings(epic: Betas, moderated: Moderated) -> None:
    meta = read_table(epic.folder / "meta.csv")
    assert len(meta) == len(epic.expected)
    for data, variant, df_prior, s2_prior, n_found in meta.iter_rows():
        prior, found = moderated[data, variant]
        off = 1e-11 if variant == "plain_legacy" else DF_PRIOR
        assert np.median(prior.df_prior) == pytest.approx(df_prior, rel=off, abs=off)
        assert np.median(prior.s2_prior) == pytest.approx(s2_prior, rel=off)
        assert (found.p_value < 0.05).sum() == n_found


def level_and_df(epic: Betas, data: str, trend: bool, robust: bool) -> tuple[LogVariances, float]:
    """Variances as the prior weighs them, and our df_prior."""
    fit = epic.fits[data]
    used, plain = usable(fit.sigma2, fit.df_residual, fit.mean if trend else None)
    assert plain is not None
    assert used.all()
    df_prior = most_likely_df(plain)
    if not robust:
        return plain, df_prior
    f = plain.s2 / s2_prior_of(plain, df_prior, used, plain.covariate)
    data_ = reweighted(plain, outlier_weights(f, plain.df, df_prior))
    return data_, most_likely_df(data_)


def log_likelihood(data: LogVariances, df_prior: float) -> float:
    """Of a df_prior at the level, from the density of F; constants are left out."""
    d1, d2 = data.df / 2, df_prior / 2
    q = d2 * np.exp(data.level - np.log(d2) + special.digamma(d2))
    each = special.gammaln(d1 + d2) - special.gammaln(d2) - d1 * np.log(q)
    each -= (d1 + d2) * np.log1p(d1 * data.s2 / q)
    return float((data.weights * each).sum())


@pytest.mark.parametrize(("data", "variant"), list(product(DATA, VARIANTS)))
def test_limmas_likelihood_is_never_higher(
    epic: Betas, moderated: Moderated, data: str, variant: str
) -> None:
    variances, ours = level_and_df(epic, data, "trend" in variant, "robust" in variant)
    assert ours == moderated[data, variant][0].df_prior.max()
    theirs = epic.expected[data, variant]["df_prior"].max()
    gain = log_likelihood(variances, ours) - log_likelihood(variances, theirs)
    assert 0 < gain < 1e-4
    assert variances.height(ours) - variances.height(theirs) == pytest.approx(gain, abs=1e-9)
    for near in (0.999, 1.001):  # and it is a maximum
        assert log_likelihood(variances, ours) > log_likelihood(variances, ours * near)


@pytest.mark.parametrize(("data", "trend"), list(product(DATA, (False, True))))
def test_with_limmas_df_prior_all_numbers_are_limmas(epic: Betas, data: str, trend: bool) -> None:
    fit = epic.fits[data]
    plain, robust = ("trend", "trend_robust") if trend else ("plain", "robust")
    used, variances = usable(fit.sigma2, fit.df_residual, fit.mean if trend else None)
    assert variances is not None
    df_plain = float(epic.expected[data, plain]["df_prior"][0])
    s2_prior = s2_prior_of(variances, df_plain, used, variances.covariate)
    everyone = np.full(len(s2_prior), df_plain)
    assert_all_limmas(fit, VariancePrior(everyone, s2_prior, "likelihood"), epic, data, plain)

    f = variances.s2 / s2_prior
    variances = reweighted(variances, outlier_weights(f, variances.df, df_plain))
    common = float(epic.expected[data, robust]["df_prior"].max())
    prior = VariancePrior(
        own_df(f, variances.df, df_plain, common),
        s2_prior_of(variances, common, used, variances.covariate),
        "likelihood",
    )
    assert (third(prior.df_prior) < 0.99 * common).sum() > 100
    assert_all_limmas(fit, prior, epic, data, robust)


def assert_all_limmas(
    fit: ContrastFit, prior: VariancePrior, epic: Betas, data: str, variant: str
) -> None:
    expected, found = epic.expected[data, variant], ebayes(fit, prior)
    for values, name in (
        (prior.df_prior, "df_prior"),
        (prior.s2_prior, "s2_prior"),
        (found.s2_post, "s2_post"),
        (found.df_total[:, 0], "df_total"),
        (found.t[:, 0], "t"),
        (found.p_value[:, 0], "P.Value"),
    ):
        np.testing.assert_allclose(third(values), expected[name], rtol=TEN_DIGITS, err_msg=name)
