"""M values against limma 3.54.1: clipping, missing values, covariates, pairs as blocks.

R's tables have 8 significant digits here. For features with missing values limma's F takes the
correlations of the coefficients in the complete design; ours are the feature's own, so F is
compared on the complete ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.design.contrasts import build_contrasts
from analyses.design.model_matrix import build_design
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Assay, SampleSheet, Study
from cohortmart.core.types import Floats
from tests.support.real_data import r_table, read_table

EIGHT_DIGITS = 6e-8


@dataclass(frozen=True)
class Arrays:
    """Betas, their sheet and the folder of R's results."""

    beta: Floats
    features: list[str]
    sheet: pl.DataFrame
    expected: Path


def load(folder: Path) -> Arrays:
    table = read_table(folder / "betas.csv.gz")
    sheet = read_table(folder / "samples.csv")
    assert table.columns[1:] == sheet["sample"].to_list()
    beta = table.drop("probe_id").cast(pl.Float64).to_numpy()
    return Arrays(beta, table["probe_id"].to_list(), sheet, folder / "expected")


@pytest.fixture(scope="module")
def epic(shared_data: Path) -> Arrays:
    return load(shared_data / "epic_chr18_21")


@pytest.fixture(scope="module")
def paired(shared_data: Path) -> Arrays:
    return load(shared_data / "epic_chr7_paired")


def is_level(arrays: Arrays, column: str, level: str) -> Floats:
    return (arrays.sheet[column] == level).to_numpy().astype(float)


def assert_like_limma(
    y: Floats,
    design: Floats,
    arrays: Arrays,
    model: str,
    tables: dict[int, str],
    blocks: Blocks | None = None,
    correlation: float = 0.0,
) -> None:
    """Compare every coefficient's table, the variances and the F over all coefficients."""
    fit = fit_contrasts(y, design_basis(design), np.eye(design.shape[1]), blocks, correlation)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    found = ebayes(fit, prior)
    meta: dict[str, Any] = json.loads((arrays.expected / f"meta_{model}.json").read_text())
    np.testing.assert_allclose(prior.df_prior, meta["df.prior"], rtol=1e-10)
    np.testing.assert_allclose(prior.s2_prior, meta["s2.prior"], rtol=1e-10)

    of_fit = r_table(arrays.expected / f"fit_{model}.csv.gz")
    assert of_fit.features == arrays.features
    np.testing.assert_array_equal(fit.df_residual, of_fit["df_residual"])
    for mine, name in (
        (fit.mean, "Amean"),
        (np.sqrt(fit.sigma2), "sigma"),
        (found.s2_post, "s2_post"),
        (found.df_total[:, 0], "df_total"),
    ):
        np.testing.assert_allclose(mine, of_fit[name], rtol=EIGHT_DIGITS, err_msg=name)
    joint, complete = joint_test(fit, prior), np.isfinite(y).all(axis=1)
    np.testing.assert_allclose(joint.f[complete, 0], of_fit["F"][complete], rtol=EIGHT_DIGITS)
    np.testing.assert_allclose(
        joint.p_value[complete, 0], of_fit["F_p_value"][complete], rtol=EIGHT_DIGITS
    )

    adjusted = benjamini_hochberg(found.p_value)
    for j, name in tables.items():
        expected = r_table(arrays.expected / f"limma_{name}.csv.gz")
        for values, column in (
            (fit.estimate[:, j], "logFC"),
            (found.t[:, j], "t"),
            (found.p_value[:, j], "P.Value"),
            (adjusted[:, j], "adj.P.Val"),
            (found.b[:, j], "B"),
        ):
            np.testing.assert_allclose(
                values, expected[column], rtol=EIGHT_DIGITS, atol=1e-12, err_msg=f"{name} {column}"
            )


def test_the_data_are_as_hard_as_they_claim(epic: Arrays) -> None:
    assert np.isnan(epic.beta).sum() == 14
    assert np.isnan(epic.beta).any(axis=1).sum() == 13
    assert (epic.beta == 0).sum() == 238
    assert (epic.beta == 1).sum() == 33


@pytest.mark.parametrize("clip", [1e-6, 1e-3])
def test_one_factor(epic: Arrays, clip: float) -> None:
    design = np.column_stack([np.ones(24), is_level(epic, "sex", "M")])
    assert_sex_tables(epic, clip, "sex", design, {1: "sexM"})


@pytest.mark.parametrize("clip", [1e-6, 1e-3])
def test_two_factors_and_a_covariate(epic: Arrays, clip: float) -> None:
    design = np.column_stack(
        [
            np.ones(24),
            is_level(epic, "sex", "M"),
            epic.sheet["age"].cast(pl.Float64).to_numpy(),
            is_level(epic, "race", "CA"),
        ]
    )
    assert_sex_tables(epic, clip, "additive", design, {1: "sexM", 2: "age", 3: "raceCA"})


def assert_sex_tables(
    epic: Arrays, clip: float, model: str, design: Floats, columns: dict[int, str]
) -> None:
    y = m_value(epic.beta, clip)
    if clip == 1e-6:
        name = f"{model}_clip1e-06"
        tables = {j: f"{name}_{c}" for j, c in columns.items()}
        assert_like_limma(y, design, epic, name, tables)
        return
    # for the other clip R's fit was not written, only its tables
    fit = fit_contrasts(y, design_basis(design), np.eye(design.shape[1]))
    found = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    for j, column in columns.items():
        expected = r_table(epic.expected / f"limma_{model}_clip1e-03_{column}.csv.gz")
        np.testing.assert_allclose(found.t[:, j], expected["t"], rtol=EIGHT_DIGITS, atol=1e-12)
        np.testing.assert_allclose(found.b[:, j], expected["B"], rtol=EIGHT_DIGITS, atol=1e-12)


def test_pairs_ignored(paired: Arrays) -> None:
    y = m_value(paired.beta, 1e-6)
    design = np.column_stack([np.ones(8), is_level(paired, "tissue", "tumour")])
    assert_like_limma(y, design, paired, "unpaired", {1: "unpaired"})


def test_pairs_as_fixed_effects(paired: Arrays) -> None:
    y = m_value(paired.beta, 1e-6)
    patients = [is_level(paired, "patient", p) for p in ("P2", "P3", "P4")]
    design = np.column_stack([np.ones(8), *patients, is_level(paired, "tissue", "tumour")])
    assert_like_limma(y, design, paired, "patient_fixed", {4: "patient_fixed"})


def test_pairs_within(paired: Arrays) -> None:
    """`within` gives the same test of the tissue, and no other coefficient."""
    y = m_value(paired.beta, 1e-6)
    sheet = SampleSheet(file=Path("s.csv"), subject="patient", factors=("tissue",))
    assay = Assay(kind="beta", files=(Path("b.csv"),))
    study = Study(
        study="p", samples=(sheet,), timepoints=("t",), groups=("g",), assays={"meth": assay}
    )
    model = Model(means=("tissue",), within="subject")
    samples = paired.sheet.rename({"sample": "sample_id", "patient": "subject_id"})
    design = build_design(samples, model, study, "x")
    contrasts = build_contrasts(design, {"tumour": "tumour - benign"}, model, study)
    fit = fit_contrasts(y, design_basis(design.matrix), contrasts.matrix)
    found = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    expected = r_table(paired.expected / "limma_patient_fixed.csv.gz")
    for values, column in (
        (fit.estimate, "logFC"),
        (found.t, "t"),
        (found.p_value, "P.Value"),
        (found.b, "B"),
    ):
        np.testing.assert_allclose(
            values[:, 0], expected[column], rtol=EIGHT_DIGITS, atol=1e-12, err_msg=column
        )


def test_pairs_as_blocks(paired: Arrays) -> None:
    y = m_value(paired.beta, 1e-6)
    design = np.column_stack([np.ones(8), is_level(paired, "tissue", "tumour")])
    blocks = make_blocks(paired.sheet["patient"].to_list())
    meta = json.loads((paired.expected / "meta_dupcor.json").read_text())
    rho = meta["consensus_correlation"]
    assert_like_limma(y, design, paired, "dupcor", {1: "dupcor"}, blocks, rho)


def test_correlation_of_every_probe(paired: Arrays) -> None:
    """In a complete paired design REML has a solution in closed form; so R converges here."""
    y = m_value(paired.beta, 1e-6)
    design = np.column_stack([np.ones(8), is_level(paired, "tissue", "tumour")])
    blocks = make_blocks(paired.sheet["patient"].to_list())
    found = block_correlation(y, design_basis(design), blocks)
    of_r = r_table(paired.expected / "dupcor_atanh.csv.gz")
    np.testing.assert_allclose(found.atanh, of_r["atanh_correlation"], rtol=EIGHT_DIGITS)
    meta = json.loads((paired.expected / "meta_dupcor.json").read_text())
    assert found.consensus == pytest.approx(meta["consensus_correlation"], rel=1e-12)
