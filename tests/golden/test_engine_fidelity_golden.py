"""Every file that limma and edgeR made of the real data: who compares it, and the rest compared.

R 4.2.2, limma 3.54.1, edgeR 3.40.2. The bounds of the project: t to 1e-6 of itself where no
correlation is estimated or R's is given, to 1e-5 with our own (absolute where |t| < 0.1). R stops
before the optimum of the correlation, by 5e-6 for the voom values of `grams_cd8_rna`: there
docs/decisions/0002 measured t to within 1.4e-5 of max(1, |t|).
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.stats.counts.voom import VoomValues, voom
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Floats
from tests.golden import test_tmm as tmm
from tests.golden.test_statistics_golden import (
    COVARIATES,
    R_BATCH_CONSENSUS,
    Result,
    analyse,
)
from tests.golden.test_tcells_golden import CONTRASTS as OF_TCELLS
from tests.support.real_data import Design, Grams, RTable, r_table, read_table

GIVEN, OWN = 1e-6, 1e-5
OWN_VOOM = 1.4e-5

STUDY = ("HP_3rd-1st", "HP_PP-3rd", "MS_3rd-1st", "MSvsHP_1st", "MSvsHP_3rd-1st")

#: Which tests (file.test, between `test_` and `_golden`) compare which files of the folders
#: `expected`; `*` stands for any letters.
COMPARED = {
    "grams_cd8_rna": {
        "tmm.csv.gz": "tmm.factors_of_the_real_study",
        "logcpm_MSvsHP_*": "statistics.log_cpm statistics.own_log_cpm_correlation",
        "authors_*": "statistics.the_authors_own_tables",
        "logcpm_F_all_four.csv.gz": "statistics.f_over_four_contrasts",
        "logcpm_trend_*": "statistics.trend",
        "logcpm_robust_*": "statistics.robust",
        "atanh_correlations.csv.gz": "statistics.no_gene_has_a_better_correlation_in_r",
        "voom_weights_first200.csv.gz": "statistics.voom_weights",
        "voom_[HM]*": "statistics.voom_with_limmas_errors statistics.own_voom_correlation",
        "voom_exact_*": "statistics.voom_with_exact_errors statistics.own_voom_correlation",
        "study_*": "statistics.limma_errors_depend_on_the_baseline "
        "engine_fidelity.study_with_our_correlation",
        "batch_exact_*": "statistics.batch_in_the_model engine_fidelity.batch_with_rs_correlation",
        "meta.json": "statistics.log_cpm_prior statistics.every_count_of_the_voom_model",
    },
    "epic_chr7_paired": {
        "*_unpaired.*": "methylation.pairs_ignored",
        "*_patient_fixed.*": "methylation.pairs_as_fixed_effects",
        "*_dupcor.*": "methylation.pairs_as_blocks engine_fidelity.pairs_with_our_correlation",
        "dupcor_atanh.csv.gz": "methylation.correlation_of_every_probe",
    },
    "epic_chr18_21": {
        "*_sex_clip1e-06*": "methylation.one_factor engine_fidelity.f_with_missing_values",
        "*_additive_clip1e-06*": "methylation.two_factors_and_a_covariate "
        "engine_fidelity.f_with_missing_values",
        "*_clip1e-03*": "engine_fidelity.the_other_clip",
    },
    "rnaseq_tcells": {
        "design_matrix.csv": "tcells.raw_counts_to_contrasts",
        "filterByExpr.csv.gz": "tcells.raw_counts_to_contrasts",
        "norm_factors.csv": "tmm.filtered_genes_of_the_t_cell_study",
        "logcpm_prior2_first6_samples.csv.gz": "tmm.filtered_genes_of_the_t_cell_study",
        "fit_voom.csv.gz": "tcells.raw_counts_to_contrasts engine_fidelity.raw_counts_to_f",
        "limma_voom_*": "tcells.raw_counts_to_contrasts engine_fidelity.raw_counts_to_f",
        "meta_voom.json": "tcells.raw_counts_to_contrasts engine_fidelity.raw_counts_to_f",
    },
}
#: made by sva, not by limma or edgeR
ELSEWHERE = ("combat_",)


@pytest.mark.parametrize("folder", sorted(COMPARED))
def test_every_file_has_its_test(shared_data: Path, folder: str) -> None:
    """No file is left out, no entry stands for nothing, and the tests that are named exist."""
    files = {p.name for p in (shared_data / folder / "expected").iterdir()}
    left = {f for f in files if not f.startswith(ELSEWHERE) and not f.endswith(".R")}
    for pattern, tests in COMPARED[folder].items():
        found = {f for f in files if Path(f).match(pattern)}
        assert found, pattern
        left -= found
        for test in tests.split():
            file, name = test.split(".")
            place = "tests.golden.test_tmm" if file == "tmm" else f"tests.golden.test_{file}_golden"
            assert callable(getattr(importlib.import_module(place), f"test_{name}", None)), test
    assert left == set()


def assert_t(found: Floats, of_r: Floats, bound: float, least: float = 0.1) -> None:
    """Relative to |t|, absolute (as if |t| were `least`) nearer to zero."""
    worst = np.max(np.abs(found - of_r) / np.maximum(np.abs(of_r), least))
    assert worst < bound


def assert_table(found: Result, name: str, expected: RTable, bound: float) -> None:
    j = found.contrasts.index(name)
    assert_t(found.moderated.t[:, j], expected["t"], bound)
    np.testing.assert_allclose(found.fit.estimate[:, j], expected["logFC"], rtol=0, atol=bound)
    np.testing.assert_allclose(found.moderated.p_value[:, j], expected["P.Value"], rtol=20 * bound)


# --- CD8+ RNA-seq of the study --------------------------------------------------------------


def voomed(grams: Grams, design: Design) -> VoomValues:
    return voom(grams.counts, grams.effective_library, design_basis(design.matrix))


@pytest.mark.slow
def test_study_with_our_correlation(grams: Grams) -> None:
    """The published way of writing the model; the correlation does not depend on it."""
    design = grams.design("MS.BP", COVARIATES)
    values, blocks = voomed(grams, design), make_blocks(grams.subjects())
    own = block_correlation(values.log2_cpm, design_basis(design.matrix), blocks, values.weights)
    assert own.consensus == pytest.approx(0.3526548, abs=5e-8)
    found = analyse(
        values.log2_cpm, design, grams, list(STUDY), own.consensus, values.weights, "limma"
    )
    for j, name in enumerate(STUDY):
        expected = grams.expected(f"study_{name}")
        assert_t(found.moderated.t[:, j], expected["t"], OWN_VOOM, least=1.0)
        p = found.moderated.p_value[:, j]
        np.testing.assert_array_equal(p < 0.05, expected["P.Value"] < 0.05)


def test_batch_with_rs_correlation(grams: Grams) -> None:
    """R printed 7 digits of the correlation; the table has more."""
    names = ["HP_3rd-1st", "HP_PP-3rd"]
    design = grams.design(None, COVARIATES, batch=True)
    v = voomed(grams, design)
    found = analyse(v.log2_cpm, design, grams, names, R_BATCH_CONSENSUS, v.weights)
    for name in names:
        assert_table(found, name, grams.expected(f"batch_exact_{name}"), GIVEN)


# --- methylation ----------------------------------------------------------------------------


Array = tuple[Floats, pl.DataFrame, Path]
MODELS = ["sex", pytest.param("additive", marks=pytest.mark.slow)]


def betas(folder: Path) -> Array:
    table, sheet = read_table(folder / "betas.csv.gz"), read_table(folder / "samples.csv")
    assert table.columns[1:] == sheet["sample"].to_list()
    beta = table.drop("probe_id").cast(pl.Float64).to_numpy()
    return beta, sheet, folder / "expected"


@pytest.fixture(scope="module")
def epic(shared_data: Path) -> Array:
    return betas(shared_data / "epic_chr18_21")


def epic_design(sheet: pl.DataFrame, model: str) -> Floats:
    columns = [np.ones(len(sheet)), (sheet["sex"] == "M").to_numpy()]
    if model == "additive":
        columns += [sheet["age"].cast(pl.Float64).to_numpy(), (sheet["race"] == "CA").to_numpy()]
    return np.column_stack(columns).astype(float)


def meta_of(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"meta_{name}.json").read_text()))


@pytest.mark.parametrize("model", MODELS)
def test_the_other_clip(epic: Array, model: str) -> None:
    """Every column of R's tables, and its prior."""
    beta, sheet, folder = epic
    design, name = epic_design(sheet, model), f"{model}_clip1e-03"
    fit = fit_contrasts(m_value(beta, 1e-3), design_basis(design), np.eye(design.shape[1]))
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    found, meta = ebayes(fit, prior), meta_of(folder, name)
    np.testing.assert_allclose(prior.df_prior, meta["df.prior"], rtol=1e-10)
    np.testing.assert_allclose(prior.s2_prior, meta["s2.prior"], rtol=1e-10)
    adjusted = benjamini_hochberg(found.p_value)
    for j, coefficient in enumerate(meta["coefs"], start=1):
        expected = r_table(folder / f"limma_{name}_{coefficient}.csv.gz")
        assert_t(found.t[:, j], expected["t"], GIVEN)
        for values, column in (
            (fit.estimate[:, j], "logFC"),
            (fit.mean, "AveExpr"),
            (found.p_value[:, j], "P.Value"),
            (adjusted[:, j], "adj.P.Val"),
            (found.b[:, j], "B"),
        ):
            np.testing.assert_allclose(values, expected[column], rtol=GIVEN, atol=1e-12)
        counts = meta["coefs"][coefficient]
        assert (found.p_value[:, j] < 0.05).sum() == counts["n_p_lt_0.05"]
        assert (adjusted[:, j] < 0.05).sum() == counts["n_adj_p_lt_0.05"]


@pytest.mark.parametrize("model", MODELS)
def test_f_with_missing_values(epic: Array, model: str) -> None:
    """limma's F takes correlations of the complete design; so does ours if told to.

    Of the 13 probes that lack a value the exact F differs by up to 25 %.
    """
    beta, sheet, folder = epic
    y, design = m_value(beta, 1e-6), epic_design(sheet, model)
    of_fit = r_table(folder / f"fit_{model}_clip1e-06.csv.gz")
    arguments = (y, design_basis(design), np.eye(design.shape[1]))
    found = {}
    for errors in ("limma", "exact"):
        fit = fit_contrasts(*arguments, errors=errors)
        found[errors] = joint_test(fit, fit_f_dist(fit.sigma2, fit.df_residual))
        # the standard errors of single coefficients are exact either way
        assert fit.limma_ratio is not None
        np.testing.assert_allclose(fit.limma_ratio, 1.0, rtol=1e-12)
    np.testing.assert_allclose(found["limma"].f[:, 0], of_fit["F"], rtol=GIVEN)
    np.testing.assert_allclose(found["limma"].p_value[:, 0], of_fit["F_p_value"], rtol=GIVEN)
    apart = np.abs(found["exact"].f[:, 0] / of_fit["F"] - 1)
    missing = np.isnan(y).any(axis=1)
    assert missing.sum() == 13
    assert apart[~missing].max() < GIVEN
    assert 0.05 < apart[missing].max() < 0.3


@pytest.mark.slow
def test_pairs_with_our_correlation(shared_data: Path) -> None:
    beta, sheet, folder = betas(shared_data / "epic_chr7_paired")
    y = m_value(beta, 1e-6)
    tumour = (sheet["tissue"] == "tumour").to_numpy().astype(float)
    basis = design_basis(np.column_stack([np.ones(8), tumour]))
    blocks = make_blocks(sheet["patient"].to_list())
    rho = block_correlation(y, basis, blocks).consensus
    fit = fit_contrasts(y, basis, np.eye(2)[:, 1:], blocks, rho)
    found = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    expected = r_table(folder / "limma_dupcor.csv.gz")
    assert_t(found.t[:, 0], expected["t"], GIVEN)  # R converges here, so 1e-6 although it is ours
    np.testing.assert_allclose(found.p_value[:, 0], expected["P.Value"], rtol=GIVEN)


# --- T cells --------------------------------------------------------------------------------


def tcell_values(folder: Path, design: Floats) -> tuple[list[str], VoomValues]:
    """Raw counts of R's kept genes with TMM factors of our own; R's were written rounded."""
    table = read_table(folder / "counts.csv.gz")
    kept = read_table(folder / "expected" / "filterByExpr.csv.gz")["kept"].to_numpy() == 1
    samples, genes = table.columns[1:], table["gene"].filter(kept).to_list()
    counts = table.select(pl.col(samples).cast(pl.Float64)).to_numpy()[kept]
    con = tmm.normalise(tmm.long_table(counts, genes, samples))
    factors = dict(con.sql("select sample_id, norm_factor from factors").fetchall())
    library = counts.sum(axis=0) * np.array([factors[s] for s in samples])
    return genes, voom(counts, library, design_basis(design))


def tcell_fit(folder: Path) -> tuple[list[str], ContrastFit]:
    table = read_table(folder / "expected" / "design_matrix.csv")
    assert table["sample"].to_list() == read_table(folder / "samples.csv")["sample"].to_list()
    names = table.columns[1:]
    design = table.select(pl.col(names).cast(pl.Float64)).to_numpy()
    matrix = np.zeros((len(names), len(OF_TCELLS)))
    for j, (plus, minus) in enumerate(OF_TCELLS.values()):
        matrix[names.index(plus), j], matrix[names.index(minus), j] = 1.0, -1.0
    genes, values = tcell_values(folder, design)
    return genes, fit_contrasts(
        values.log2_cpm, design_basis(design), matrix, weights=values.weights, errors="limma"
    )


@pytest.mark.slow
def test_raw_counts_to_f(shared_data: Path) -> None:
    """From counts to moderated t and F without a number of R in between."""
    folder = shared_data / "rnaseq_tcells"
    genes, fit = tcell_fit(folder)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    found, joint = ebayes(fit, prior), joint_test(fit, prior)
    expected_folder = folder / "expected"
    meta = meta_of(expected_folder, "voom")
    np.testing.assert_allclose(prior.df_prior, meta["df.prior"], rtol=1e-8)
    of_fit = r_table(expected_folder / "fit_voom.csv.gz")
    assert of_fit.features == genes
    for values, column in (
        (fit.mean, "Amean"),
        (np.sqrt(fit.sigma2), "sigma"),
        (found.s2_post, "s2_post"),
        (found.df_total[:, 0], "df_total"),
        (joint.f[:, 0], "F"),
        (joint.p_value[:, 0], "F_p_value"),
    ):
        np.testing.assert_allclose(values, of_fit[column], rtol=GIVEN, atol=1e-300)
    for j, name in enumerate(OF_TCELLS):
        expected = r_table(expected_folder / f"limma_voom_{name}.csv.gz")
        assert_t(found.t[:, j], expected["t"], GIVEN)
        np.testing.assert_allclose(found.p_value[:, j], expected["P.Value"], rtol=2 * GIVEN)
