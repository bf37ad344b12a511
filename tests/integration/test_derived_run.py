"""Derived assays in a whole run: tables, analyses of them, and their numbers as covariates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyses.stats.composition.constrained_projection import constrained_projection
from analyses.stats.scores.activity import univariate_activity
from cohortmart.core.lake.file_manifest import read_current, read_part
from cohortmart.core.types import Floats
from cohortmart.core.warehouse.home import Home
from tests.support.finished_run import FinishedRun, cohortmart, finished_run

pytestmark = pytest.mark.slow  # several runs

TYPES, N_PROBES, N_GENES = ["B", "CD4T", "NK"], 120, 90
SAMPLES = [
    (f"{p}_{t}", p, "HP" if i < 4 else "MS", t)
    for i, p in enumerate(f"p{j}" for j in range(8))
    for t in ("1st", "2nd", "3rd")
]
NAMES = [row[0] for row in SAMPLES]
#: Has counts, but no betas of its own: those of the same visit lie in another sample.
ELSEWHERE, BETAS_OF = "p2_2nd", "p2_2nd_b"
STUDY = """
study: derived
samples:
  file: samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  visit_key: [tube]
  covariates: [nk]
timepoints: [1st, 2nd, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
  meth: {kind: beta, files: [betas.csv]}
derive:
  cells: {from: meth, method: cell_fractions, reference: ref.csv}
  tf: {from: rna, method: activity, network: net.csv}
analyses:
  fractions:
    assay: cells
    values: measured
    model: &model {means: [group, timepoint], block: subject}
    contrasts: &contrasts {time_within_group: all, interaction: all}
  factors: {assay: tf, values: measured, model: *model, contrasts: *contrasts}
  derived:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint], block: subject, covariates: [cells.NK]}
    contrasts: *contrasts
  given:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint], block: subject, covariates: [nk]}
    contrasts: *contrasts
"""


def _table(path: Path, ids: Sequence[str], columns: Sequence[str], values: Floats) -> None:
    rows = [",".join([i, *map(repr, v.tolist())]) for i, v in zip(ids, values, strict=True)]
    path.write_text("\n".join([",".join(["id", *columns]), *rows]) + "\n")


def _write(raw: Path) -> Floats:
    """Write the study; return the network's signed weights by gene."""
    rng = np.random.default_rng(20261201)
    fractions = rng.dirichlet([4, 8, 3], len(SAMPLES))
    profiles = np.round(rng.beta(0.6, 0.6, (N_PROBES, 3)), 4)
    betas = np.round(np.clip(profiles @ fractions.T + rng.normal(0, 0.02, (N_PROBES, 24)), 0, 1), 4)
    probes = [f"cg{i:08d}" for i in range(N_PROBES)]
    _table(raw / "betas.csv", probes, [BETAS_OF if n == ELSEWHERE else n for n in NAMES], betas)
    _table(raw / "ref.csv", [*probes[:50], *(f"cg9{i:07d}" for i in range(20))], TYPES,
           np.vstack([profiles[:50], rng.random((20, 3))]))  # fmt: skip
    nk = constrained_projection(betas[:50], profiles[:50], whole=False).fractions[:, 2]
    rows = [(*row, "a", repr(float(v))) for row, v in zip(SAMPLES, nk, strict=True)]
    of = SAMPLES[NAMES.index(ELSEWHERE)]
    rows.append((BETAS_OF, *of[1:], "b", ""))
    head = "sample_id,subject,group,timepoint,tube,nk"
    (raw / "samples.csv").write_text("\n".join([head, *map(",".join, rows)]) + "\n")
    rate = rng.lognormal(4, 1, N_GENES)[:, None] * np.exp(
        rng.normal(0, 1, (N_GENES, 3)) @ fractions.T
    )
    genes = [f"G{i:03d}" for i in range(N_GENES)]
    counts = ["\t".join([g, *map(str, c)]) for g, c in zip(genes, rng.poisson(rate), strict=True)]
    (raw / "counts.tsv").write_text("\n".join(["\t".join(["gene_id", *NAMES]), *counts]) + "\n")
    weights = np.zeros((N_GENES, 3))
    for source in range(3):
        chosen = rng.choice(N_GENES, 15, replace=False)
        weights[chosen, source] = rng.choice([-1.0, 1.0, 0.5], 15)
    lines = [f"TF{s},{genes[g]},{weights[g, s]}" for g, s in zip(*np.nonzero(weights), strict=True)]
    (raw / "net.csv").write_text("\n".join(["source,target,weight", *lines]) + "\n")
    (raw / "study.yml").write_text(STUDY)
    return weights


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Floats]:
    raw = tmp_path_factory.mktemp("derived")
    return raw, _write(raw)


@pytest.fixture(scope="module")
def run(network: tuple[Path, Floats]) -> Iterator[FinishedRun]:
    raw = network[0]
    done = finished_run(raw / "study.yml", raw, raw / "out")
    yield done
    done.con.close()


def test_where_the_derived_assays_come_from(run: FinishedRun, network: tuple[Path, Floats]) -> None:
    n_targets = int((network[1] != 0).any(axis=1).sum())
    rows = run.table("from derived_assay order by assay").rows(named=True)
    assert [(r["assay"], r["n_features"], r["n_found"], r["n_measures"]) for r in rows] == [
        ("cells", 70, 50, 3),
        ("tf", n_targets, n_targets, 3),
    ]
    assert rows[0]["notes"].startswith("warning: only 50 of the 70 CpGs of ref.csv (71 %)")


def test_fractions_are_measurements(run: FinishedRun) -> None:
    found = run.table(
        "select sample_id, value, transformed_value from fct_measurement "
        "where assay = 'cells' and feature_id = 'NK' order by sample_id"
    )
    sheet = run.table("select sample_id, nk from dim_sample where nk is not null order by 1")
    given = dict(sheet.rows())
    for sample, value, transformed in found.rows():
        wanted = given[ELSEWHERE if sample == BETAS_OF else sample]
        assert value == transformed == pytest.approx(wanted, abs=1e-12)
    units = run.table("select distinct unit from dim_measure where assay = 'cells'")
    assert units["unit"].to_list() == ["fraction"]
    assert run.table("from visit_measurement where assay = 'cells'").height == 24 * 3


def test_activities_are_those_of_the_tables_log_cpm(
    run: FinishedRun, network: tuple[Path, Floats]
) -> None:
    weights = network[1]
    values = run.table(
        "select log2_cpm from fct_gene_expression where assay = 'rna' order by gene_id, sample_id"
    )["log2_cpm"].to_numpy().reshape(N_GENES, 24)  # fmt: skip
    wanted = univariate_activity(values, weights, weights != 0).t
    found = run.table(
        "select value from fct_measurement where assay = 'tf' order by feature_id, sample_id"
    )["value"].to_numpy().reshape(3, 24)  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_activities_of_contrasts(run: FinishedRun, network: tuple[Path, Floats]) -> None:
    weights = network[1]
    t = run.table(
        "select t from fct_contrast_result where analysis = 'given' order by feature_id, contrast"
    )["t"].to_numpy().reshape(N_GENES, -1)  # fmt: skip
    wanted = univariate_activity(t, weights, weights != 0).t
    rows = run.table("from contrast_activity where analysis = 'given' order by source, contrast")
    np.testing.assert_allclose(rows["activity"].to_numpy().reshape(3, -1), wanted, rtol=1e-10)
    assert set(rows["n_features"]) == {N_GENES}
    analyses = run.table("select distinct analysis from contrast_activity order by 1")
    assert analyses["analysis"].to_list() == ["derived", "given"]


def test_a_derived_number_is_a_covariate_like_one_of_the_sheet(run: FinishedRun) -> None:
    query = """
        select contrast, feature_id, log_fc, se, p_value from fct_contrast_result
        where analysis = $1 order by contrast, feature_id
    """
    derived, given = run.table(query, "derived"), run.table(query, "given")
    assert derived.height == 9 * N_GENES
    for column in ("log_fc", "se", "p_value"):
        np.testing.assert_allclose(derived[column], given[column], rtol=1e-9, atol=1e-12)
    notes = run.table("select note from analysis_note where analysis = 'derived'")["note"]
    assert "`cells.NK` of 1 sample is that of another sample of the same person and timepoint" in [
        *notes
    ]


def test_analyses_of_derived_assays(run: FinishedRun) -> None:
    for analysis, n in (("fractions", 3), ("factors", 3)):
        rows = run.table("from fct_contrast_result where analysis = $1", analysis)
        assert rows.height == 9 * n
        assert rows["p_value"].null_count() == 0


def test_another_reference_makes_what_depends_on_it_anew(run: FinishedRun) -> None:
    text = (run.data / "ref.csv").read_text().splitlines()
    run.con.close()
    (run.data / "ref.csv").write_text("\n".join([*text[:40], *text[51:]]) + "\n")
    before = _result_files(run.out)
    said = cohortmart("run", run.data / "study.yml", "--out", run.out, "--no-report")
    assert "WARNING: cells was made with 39 of the 59 features of ref.csv; meth has no" in said
    after = _result_files(run.out)
    same = {name for name in before if before[name] == after[name]}
    assert same == {"factors", "given"}
    (row,) = rows_of(run.out, "derived_assay", "cells:derived")
    assert (row["n_features"], row["n_found"]) == (59, 39)


def _result_files(out: Path) -> dict[str, str]:
    entries = read_current(Home(out).results)
    return {e.part: e.path for e in entries if e.table_name == "contrast_result"}


def rows_of(out: Path, table: str, part: str) -> list[dict[str, Any]]:
    found = read_part(Home(out).lake, table, part)
    assert found is not None
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows
