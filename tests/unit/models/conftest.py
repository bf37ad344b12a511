"""Warehouses built by dbt once for all tests of the models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.support.filtered_assay import annotation, filtered_matrix
from tests.support.finding_rows import DESIGN_SAMPLES, REBOUNDS, design, finding_rows, further_rows
from tests.support.gene_set_rows import gene_set_rows
from tests.support.lake_writer import Matrix, Sheet, write_lake, write_results
from tests.support.made_once import made_once
from tests.support.paths import ROOT

SAMPLES = [f"S{i}" for i in range(1, 9)]


@dataclass(frozen=True)
class Built:
    """What the dbt commands left: one output folder a study, one outcome a command."""

    homes: dict[str, Path]
    outcomes: dict[str, dict[str, Any]]
    matrices: dict[str, Matrix]

    def open(self, home: str) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.homes[home] / "warehouse.duckdb"), read_only=True)


def run_dbt(folder: Path, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run dbt commands from the repository's root in one child process."""
    jobs_file = folder / "jobs.json"
    keep = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    jobs = [
        {**job, "env": {**keep, **job["env"]}, "args": [*job["args"], "--quiet"]} for job in jobs
    ]
    jobs_file.write_text(json.dumps(jobs))
    child = ROOT / "tests" / "support" / "dbt_child.py"
    done = subprocess.run(
        [sys.executable, str(child), str(jobs_file)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(Path(f"{jobs_file}.out").read_text())


def sheet() -> Sheet:
    """Four people at two visits, with two columns of the study's own."""
    return Sheet(
        sample_id=SAMPLES,
        subject_id=["P1", "P1", "P2", "P2", "P3", "P3", "P4", "P4"],
        study_group=["MS"] * 4 + ["HP"] * 4,
        timepoint=["1st", "3rd"] * 4,
        visit_order=[1, 2] * 4,
        cell_type=["CD4"] * 8,
        visit_key=["Resting"] * 8,
        further={"library_batch": list("ABABABAB"), "age": [30.5 + i for i in range(8)]},
    )


def matrices() -> dict[str, Matrix]:
    """Counts of all samples but one, betas in layers, and further beta assays."""
    rng = np.random.default_rng(4)
    counts = rng.negative_binomial(2, 0.01, (30, 7)) + 0.25
    counts[3] = 0
    betas = rng.beta(0.5, 0.5, (20, 6))
    betas[3, 2], betas[0, 0], betas[1, 1] = np.nan, 0, 1
    genes = [f"ENSG{i:03d}" for i in range(30)]
    probes = [f"cg{i:03d}" for i in range(20)]
    measured = [*reversed(SAMPLES[1:7])]
    names = [None, *(f"GENE{i}" for i in range(1, 30))]
    return {
        "rna": Matrix("rna", "counts", genes, SAMPLES[:0:-1], counts, gene_names=names),
        "raw": Matrix("epic", "beta", probes, measured, betas, m_value_clip=0.01),
        "small": Matrix("450k", "beta", probes[:5], SAMPLES[:2], betas[:5, :2]),
        "two": Matrix(
            "two", "beta", ["cg001", "cg002"], SAMPLES[:1], np.full((2, 1), 0.58),
            bead_count=np.array([[3.0], [1.0]]),
            filters={"bead_minimum": 3.0, "bead_share": 0.05},
        ),
        "v2": filtered_matrix(SAMPLES),
        **layers(probes, measured, betas),
    }  # fmt: skip


def layers(probes: list[str], samples: list[str], betas: np.ndarray) -> dict[str, Matrix]:
    """Raw betas of which a probe is dropped, what BMIQ made of most samples, and ComBat."""
    p = np.zeros(betas.shape)
    p[5, 1] = p[6, :2] = 0.5
    kept = [i for i in range(len(probes)) if i != 6]
    normalised = betas**2
    normalised[5, 1] = np.nan
    filters: dict[str, float | bool] = {
        "detection_p": 0.01, "probe_missing": 0.2, "bead_minimum": 3.0, "bead_share": 0.05,
        "non_cpg": True, "masks": True, "sex_chromosomes": True,
    }  # fmt: skip
    names = [probes[i] for i in kept]
    return {
        "detected": Matrix("epic", "beta", probes, samples, betas, detection_p=p, filters=filters),
        "bmiq": Matrix("epic", "beta", names, samples[1:], normalised[kept, 1:], "bmiq"),
        "combat": Matrix("epic", "beta", names, samples, betas[kept] / 2, "combat"),
    }


def contrast_row(analysis: str, contrast: str) -> dict[str, object]:
    return {
        "analysis": analysis,
        "contrast": contrast,
        "contrast_order": 1,
        "assay": "rna",
        "expression": "MS.3rd - MS.1st",
        "meaning": "MS: 3rd against 1st",
        "n_samples": 8,
        "n_subjects": 4,
        "consensus_correlation": 0.25,
        "df_prior": 3.5,
        "s2_prior": 0.1,
        "values_used": "log_cpm",
        "contrast_errors": "exact",
    }


def result_row(analysis: str, contrast: str, feature: str, p: float) -> dict[str, object]:
    numbers = {
        "log_fc": -1.5, "se": 0.5, "ci_quantile": 2.0, "ave_expr": 4.0, "df_total": 7.5,
        "s2_post": 0.2, "df_prior": 3.5, "s2_prior": 0.1, "p_value": p,
        "adj_p_value": min(1.0, 2 * p), "b": 0.75, "delta_beta": None,
    }  # fmt: skip
    return {"analysis": analysis, "contrast": contrast, "feature_id": feature, **numbers}


def run_row(analysis: str, assay: str) -> dict[str, object]:
    return {
        "analysis": analysis, "assay": assay, "cohortmart_version": "0.1.0",
        "library_versions": "{}", "parameters": "{}", "inputs": "{}",
        "coefficients": "[]", "n_features": 30, "seconds": 1.5,
    }  # fmt: skip


def results(home: Path) -> None:
    """Two analyses, only the second with a joint test, and what is found behind others."""
    for analysis in ("first", "second"):
        rows: dict[str, list[dict[str, object]]] = {
            "contrast": [contrast_row(analysis, "3rd-1st")],
            "contrast_result": [
                result_row(analysis, "3rd-1st", f"ENSG{i:03d}", 0.03 * i) for i in range(30)
            ],
            "analysis_run": [run_row(analysis, "rna")],
        }
        if analysis == "second":
            joint = {"analysis": analysis, "test": "all", "feature_id": "ENSG001", "f": 2.5,
                     "df1": 2.0, "df2": 7.5, "p_value": 0.125, "adj_p_value": 0.25}  # fmt: skip
            rows |= {"joint_test": [joint], **further_rows(analysis)}
        write_results(home, analysis, rows)
    of_betas = design("of betas", DESIGN_SAMPLES)
    write_results(home, "of betas", {"analysis_run": [run_row("of betas", "v2")], **of_betas})
    for analysis in REBOUNDS:
        write_results(home, analysis, finding_rows(analysis))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build a whole study, one with betas alone, one with normalised layers, and none at all."""
    known = matrices()

    def make(folder: Path) -> None:
        (folder / "outcomes.json").write_text(json.dumps(_build_all(folder, known)))

    folder = made_once(tmp_path_factory, "models", make)
    outcomes = json.loads((folder / "outcomes.json").read_text())
    return Built(_homes(folder), outcomes, known)


def _homes(folder: Path) -> dict[str, Path]:
    return {
        "full": folder / "o'brien [1] study",  # a name that SQL and glob could stumble over
        "betas": folder / "betas",
        "layers": folder / "layers",
        "nothing": folder / "nothing",
    }


def _build_all(folder: Path, known: dict[str, Matrix]) -> dict[str, dict[str, Any]]:
    homes = _homes(folder)
    v2 = known["v2"]
    assays = [known["rna"], known["raw"], known["small"], known["two"], v2]
    further = {**annotation(v2), **gene_set_rows()}
    write_lake(homes["full"], sheet(), assays, annotation=further)
    results(homes["full"])
    write_lake(homes["betas"], sheet(), [known["small"]], assays=False)
    steps = [known["detected"], known["bmiq"], known["combat"]]
    write_lake(homes["layers"], sheet(), steps, unnamed=("combat",))
    earlier = further_rows("earlier")["enrichment"]
    write_results(homes["layers"], "earlier", {"enrichment": earlier}, without=("genes",))
    env = {name: {"COHORTMART_HOME": str(home)} for name, home in homes.items()}
    in_memory = {**env["nothing"], "COHORTMART_WAREHOUSE": ":memory:"}
    own_file = {"COHORTMART_WAREHOUSE": str(homes["layers"] / "warehouse.duckdb")}
    some_views = ["--select", "+fct_probe_methylation", "+int_beta__kept", "+qc_probe_funnel"]
    some_views += ["+qc_beta_density", "stg_results__enrichments"]
    # from the repository's root, where dbt is started
    relative = {"COHORTMART_HOME": os.path.relpath(homes["full"], ROOT)}
    jobs = {
        # dbt's unit tests bring their own rows: once is enough, where there is little else to do
        "full": {"env": env["full"], "args": ["build", "--exclude-resource-type", "unit_test"]},
        "betas": {"env": env["betas"], "args": ["build"]},
        "relative": {
            "env": {**relative, "COHORTMART_WAREHOUSE": str(folder / "relative.duckdb")},
            "args": ["run", "--select", "dim_sample"],
        },
        "docs": {"env": in_memory, "args": ["docs", "generate"]},
        "layers": {"env": {**env["layers"], **own_file}, "args": ["run", *some_views]},
    }
    # side by side, a process each: dbt uses one core
    parts = [["full", "relative"], ["betas", "docs", "layers"]]
    rooms = [folder / "dbt_1", folder / "dbt_2"]
    for room in rooms:
        room.mkdir()
    with ThreadPoolExecutor() as pool:
        done = pool.map(run_dbt, rooms, [[jobs[name] for name in part] for part in parts])
        return {
            name: outcome
            for part, found in zip(parts, done, strict=True)
            for name, outcome in zip(part, found, strict=True)
        }


@pytest.fixture
def full(built: Built) -> duckdb.DuckDBPyConnection:
    assert built.outcomes["full"]["success"], built.outcomes["full"]
    return built.open("full")
