"""Methylation from the raw files to the tables that are queried, by the command itself.

The examples of two EPIC studies against limma 3.54.1, all probes. (A third, with filters and BMIQ:
test_genomestudio_run.py.)

R's tables have 8 significant digits, so everything is held to their rounding. That includes the
analysis with blocks, with the correlation that we find ourselves: where all pairs are complete REML
has a solution in closed form, R converges to it, and both correlations agree to 1e-12.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.fit.contrasts import contrast_results
from analyses.fit.prepare import prepare
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.study.load import load_study
from cohortmart.core.types import Floats
from tests.support.finished_run import EXAMPLES, FinishedRun, cohortmart, finished_run
from tests.support.real_data import r_table, read_table

pytestmark = pytest.mark.slow  # two runs with two builds each


EIGHT_DIGITS = 6e-8
#: Our column and R's.
COLUMNS = {
    "log_fc": "logFC",
    "ave_expr": "AveExpr",
    "t": "t",
    "p_value": "P.Value",
    "adj_p_value": "adj.P.Val",
    "b": "B",
}


@pytest.fixture(scope="module")
def data(shared_data: Path) -> Iterator[Path]:
    """The folder of the real data, for the examples as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COHORTMART_TEST_DATA", str(shared_data))
        yield shared_data


def run_of(name: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    out = tmp_path_factory.mktemp(name)
    return finished_run(EXAMPLES / name / "study.yml", data / name, out)


@pytest.fixture(scope="module")
def paired(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    run = run_of("epic_chr7_paired", data, tmp_path_factory)
    yield run
    run.con.close()


@pytest.fixture(scope="module")
def epic(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    run = run_of("epic_chr18_21", data, tmp_path_factory)
    yield run
    run.con.close()


def raw_betas(of: FinishedRun) -> tuple[Floats, list[str], pl.DataFrame]:
    """Betas of the raw file, sorted by probe; the probes; the sheet in the order of columns."""
    table = read_table(of.data / "betas.csv.gz").sort("probe_id")
    sheet = read_table(of.data / "samples.csv")
    columns = [pl.col(s).cast(pl.Float64) for s in sheet["sample"]]
    beta = table.select(columns).fill_null(np.nan).to_numpy()
    return beta, table["probe_id"].to_list(), sheet


def is_level(sheet: pl.DataFrame, column: str, level: str) -> Floats:
    return (sheet[column] == level).to_numpy().astype(float)


def coefficient(y: Floats, design: Floats, weights: Floats) -> Floats:
    """A contrast by least squares, probes with missing values one by one."""
    out = np.empty(len(y))
    complete = np.isfinite(y).all(axis=1)
    out[complete] = weights @ np.linalg.lstsq(design, y[complete].T, rcond=None)[0]
    for i in np.flatnonzero(~complete):
        there = np.isfinite(y[i])
        out[i] = weights @ np.linalg.lstsq(design[there], y[i, there], rcond=None)[0]
    return out


def assert_like_r(of: FinishedRun, analysis: str, contrast: str, fit: str, table: str) -> None:
    """Compare one contrast, all probes: estimate, error, test and the variance behind it."""
    ours = of.results(analysis, contrast)
    r = read_table(of.expected(f"limma_{table}.csv.gz"))
    both = r.join(ours, on="feature_id", validate="1:1", suffix="_ours", maintain_order="left")
    assert both.height == r.height == ours.height == of.meta(fit)["n_features"]

    def same(name: str, expected: pl.Series, rtol: float = EIGHT_DIGITS) -> None:
        mine = both[f"{name}_ours" if f"{name}_ours" in both.columns else name]
        np.testing.assert_allclose(mine, expected, rtol=rtol, atol=1e-12, err_msg=name)

    for name, of_r in COLUMNS.items():
        same(name, both[of_r])
    same("se", both["logFC"] / both["t"], rtol=2 * EIGHT_DIGITS)  # two rounded numbers
    of_fit = r_table(of.expected(f"fit_{fit}.csv.gz"))
    assert of_fit.features == both["feature_id"].to_list()
    for name in ("s2_post", "df_total"):
        same(name, pl.Series(of_fit[name]))
    middle, half = (ours["ci_low"] + ours["ci_high"]) / 2, (ours["ci_high"] - ours["ci_low"]) / 2
    np.testing.assert_allclose(middle, ours["log_fc"], rtol=0, atol=1e-12)
    assert ((half < ours["log_fc"].abs()) == (ours["p_value"] < 0.05)).all()


def assert_described(
    of: FinishedRun, analysis: str, contrast: str, fit: str, n_samples: int, n_subjects: int
) -> None:
    (row,) = of.table(
        "from dim_contrast where analysis = $1 and contrast = $2", analysis, contrast
    ).to_dicts()
    meta = of.meta(fit)
    assert row["assay"] == "methylation"
    assert (row["values_used"], row["contrast_errors"]) == ("m_value", "exact")
    assert (row["n_samples"], row["n_subjects"]) == (n_samples, n_subjects)
    assert row["df_prior"] == pytest.approx(meta["df.prior"], rel=1e-10)
    assert row["s2_prior"] == pytest.approx(meta["s2.prior"], rel=1e-10)
    rho = meta.get("consensus_correlation")
    assert row["consensus_correlation"] == (rho and pytest.approx(rho, rel=1e-12))


def assert_found(of: FinishedRun, analysis: str, contrast: str, expected: pl.DataFrame) -> None:
    """Compare `dmp` with the probes found by hand: feature_id, logFC."""
    found = of.table("from dmp where analysis = $1 and contrast = $2", analysis, contrast)
    by_hand = {(i, "hyper" if x > 0 else "hypo") for i, x in expected.iter_rows()}
    assert found.height == len(by_hand)
    assert set(found.select("probe_id", "direction").iter_rows()) == by_hand


def assert_betas_are_the_files(of: FinishedRun, clip: float) -> None:
    """Every beta of the file is in the tables as it was, and its M-value beside it."""
    beta, probes, sheet = raw_betas(of)
    order = np.argsort(sheet["sample"].to_numpy())
    clipped = np.clip(beta[:, order], clip, 1 - clip)
    for name in ("fct_probe_methylation", "visit_methylation"):
        rows = of.table(f"select * from {name} order by probe_id, sample_id")
        assert rows["probe_id"].unique(maintain_order=True).to_list() == probes
        found = rows["beta"].fill_null(np.nan).to_numpy().reshape(beta.shape)
        np.testing.assert_array_equal(found, beta[:, order])
        m = rows["m_value"].fill_null(np.nan).to_numpy().reshape(beta.shape)
        np.testing.assert_allclose(m, np.log2(clipped / (1 - clipped)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("analysis", ["unpaired", "patient_fixed", "dupcor"])
def test_three_ways_to_treat_pairs(paired: FinishedRun, analysis: str) -> None:
    assert_like_r(paired, analysis, "tumour-benign", analysis, analysis)
    assert_described(paired, analysis, "tumour-benign", analysis, n_samples=8, n_subjects=4)
    beta, probes, sheet = raw_betas(paired)
    tumour = (sheet["tissue"] == "tumour").to_numpy()
    delta = beta[:, tumour].mean(axis=1) - beta[:, ~tumour].mean(axis=1)
    ours = paired.results(analysis, "tumour-benign")
    assert ours["feature_id"].to_list() == probes
    np.testing.assert_allclose(ours["delta_beta"], delta, rtol=0, atol=1e-12)
    r = read_table(paired.expected(f"limma_{analysis}.csv.gz"))
    sizes = pl.DataFrame({"feature_id": probes, "delta": delta})
    found = r.join(sizes, on="feature_id", maintain_order="left").filter(
        (pl.col("P.Value") < 0.05) & (pl.col("delta").abs() > 0.05)
    )
    assert 6000 < found.height < (r["P.Value"] < 0.05).sum()
    assert_found(paired, analysis, "tumour-benign", found.select("feature_id", "logFC"))


SEX_MODELS = [("sex", "sexM"), ("additive", "sexM"), ("additive", "age"), ("additive", "raceCA")]


def sex_design(sheet: pl.DataFrame, analysis: str) -> tuple[Floats, list[str]]:
    columns = [np.ones(len(sheet)), is_level(sheet, "sex", "M")]
    if analysis == "additive":
        columns += [sheet["age"].cast(pl.Float64).to_numpy(), is_level(sheet, "race", "CA")]
    return np.column_stack(columns), ["Intercept", "sexM", "age", "raceCA"]


@pytest.mark.parametrize(("analysis", "contrast"), SEX_MODELS)
def test_factors_and_a_covariate(epic: FinishedRun, analysis: str, contrast: str) -> None:
    fit = f"{analysis}_clip1e-06"
    assert_like_r(epic, analysis, contrast, fit, f"{fit}_{contrast}")
    # one man has exactly the age that the model expects of his sex and race: he has no
    # weight in the estimate of age
    n = 23 if contrast == "age" else 24
    assert_described(epic, analysis, contrast, fit, n_samples=n, n_subjects=n)
    r = read_table(epic.expected(f"limma_{fit}_{contrast}.csv.gz"))
    found = r.filter(pl.col("adj.P.Val") < 0.05).select("feature_id", "logFC")
    assert_found(epic, analysis, contrast, found)


@pytest.mark.parametrize(("analysis", "contrast"), SEX_MODELS)
def test_missing_betas_are_left_out_of_their_probe_alone(
    epic: FinishedRun, analysis: str, contrast: str
) -> None:
    beta, probes, sheet = raw_betas(epic)
    design, names = sex_design(sheet, analysis)
    weights = (np.array(names[: design.shape[1]]) == contrast).astype(float)
    ours = epic.results(analysis, contrast)
    assert ours["feature_id"].to_list() == probes
    delta = coefficient(beta, design, weights)
    np.testing.assert_allclose(ours["delta_beta"], delta, rtol=0, atol=1e-12)
    fewer = (ours["df_total"].max() - ours["df_total"]).to_numpy()
    np.testing.assert_allclose(fewer, np.isnan(beta).sum(axis=1), rtol=0, atol=1e-9)
    assert (fewer > 0.5).sum() == 13


@pytest.mark.parametrize("analysis", ["sex", "additive"])
def test_another_clip(epic: FinishedRun, analysis: str) -> None:
    """On the warehouse of the run: the clip is applied when an analysis reads the betas."""
    study = load_study(epic.study)
    assays = {"methylation": study.assays["methylation"].model_copy(update={"m_value_clip": 1e-3})}
    clipped = study.model_copy(update={"assays": assays})
    asked = study.analyses[analysis]
    inputs = prepare(epic.con.cursor(), clipped, analysis, asked)
    results = contrast_results(analysis, asked, inputs)
    probes, found = results.feature_ids.to_pylist(), results.moderated
    for j, contrast in enumerate(study.analyses[analysis].contrasts):
        table = f"limma_{analysis}_clip1e-03_{contrast}.csv.gz"
        r = read_table(epic.expected(table)).sort("feature_id")
        assert r["feature_id"].to_list() == probes
        p = found.p_value[:, j]
        for mine, of_r in (
            (results.fit.estimate[:, j], "logFC"),
            (found.t[:, j], "t"),
            (p, "P.Value"),
            (benjamini_hochberg(p), "adj.P.Val"),
            (found.b[:, j], "B"),
        ):
            np.testing.assert_allclose(mine, r[of_r], rtol=EIGHT_DIGITS, atol=1e-12, err_msg=of_r)


def test_betas_of_both_studies_are_in_the_tables_as_they_were(
    paired: FinishedRun, epic: FinishedRun
) -> None:
    assert_betas_are_the_files(paired, 1e-6)
    assert_betas_are_the_files(epic, 1e-6)


def test_no_probe_is_lost(paired: FinishedRun, epic: FinishedRun) -> None:
    """R's P values are adjusted over all probes, so the filters must leave them all."""
    for of, n_probes, n_samples, of_non_cpg in (
        (paired, 38672, 8, "not needed"),
        (epic, 24273, 24, "switched off"),
    ):
        funnel = of.table("from qc_probe_funnel order by step_order")
        assert (funnel["n_probes_dropped"] == 0).all()
        assert (funnel["n_probes_left"] == n_probes).all()
        assert (funnel["n_samples_left"] == n_samples).all()
        assert dict(funnel.select("step", "annotation").iter_rows()) == {
            "detection_p": "missing",
            "sample_missing": "not needed",
            "probe_missing": "not needed",
            "bead_count": "missing",
            "non_cpg": of_non_cpg,
            "mask": "missing",
            "sex_chromosome": "used",
        }


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("name", sorted(p.parent.name for p in EXAMPLES.glob("*/study.yml")))
def test_every_example_can_be_computed(name: str) -> None:
    said = cohortmart("check", EXAMPLES / name / "study.yml")
    assert "CANNOT" not in said
    assert "yes" in said
