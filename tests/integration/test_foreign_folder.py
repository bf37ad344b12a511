"""A run from a folder whose files are called like the modules that a run imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.support.paths import ROOT
from tests.support.small_study import write_study

pytestmark = pytest.mark.slow  # a whole run

FOREIGN = [
    "agate",
    "click",
    "dbt",
    "dbt_plugin",
    "duckdb",
    "json",
    "jinja2",
    "multiprocessing",
    "numpy",
    "pathlib",
    "polars",
    "pyarrow",
    "queue",
    "random",
    "scipy",
    "struct",
    "tempfile",
    "typer",
    "yaml",
]


def write_counts(path: Path) -> None:
    """Counts that vary, in place of the study's constant ones."""
    head, *rows = path.read_text().splitlines()
    rng = np.random.default_rng(5)
    for i, row in enumerate(rows):
        gene, *cells = row.split("\t")
        rows[i] = "\t".join([gene, *map(str, rng.negative_binomial(5, 0.02, len(cells)))])
    path.write_text("\n".join([head, *rows]) + "\n")


def test_no_code_of_the_folder_is_run(tmp_path: Path) -> None:
    stand = tmp_path / "stand"
    stand.mkdir()
    study = write_study(stand, model="{means: [group, timepoint]}")
    write_counts(stand / "counts.tsv")
    for name in FOREIGN:
        (stand / f"{name}.py").write_text(f"open('ran_{name}', 'w'); raise SystemExit('{name}')")
    for name in ("dbt_project.yml", "profiles.yml"):
        (stand / name).write_text("neither: [YAML")
    environment = {k: v for k, v in os.environ.items() if k != "COHORTMART_DEBUG"}
    done = subprocess.run(
        [sys.executable, "-m", "cohortmart", "run", study.name, "--out", "out"],
        cwd=stand,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list(stand.glob("ran_*"))
    assert (stand / "out" / "report" / "index.html").exists()
    with duckdb.connect(str(stand / "out" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from dim_contrast").fetchone() == (2,)
    # nothing failed and no one asked: no log of what dbt does
    assert not (stand / "out" / "logs" / "dbt" / "dbt.log").exists()
