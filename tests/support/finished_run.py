"""The command, run on raw data, and the tables it made."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class FinishedRun:
    """The warehouse of a run, the study it ran, its raw data with R's results, its output."""

    con: duckdb.DuckDBPyConnection
    study: Path
    data: Path
    out: Path

    def table(self, query: str, *parameters: str) -> pl.DataFrame:
        return self.con.cursor().sql(query, params=list(parameters)).pl()

    def results(self, analysis: str, contrast: str) -> pl.DataFrame:
        query = "from fct_contrast_result where analysis = $1 and contrast = $2 order by feature_id"
        return self.table(query, analysis, contrast)

    def expected(self, name: str) -> Path:
        return self.data / "expected" / name

    def meta(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.expected(f"meta_{name}.json").read_text())
        return found


def cohortmart(*arguments: str | Path) -> str:
    """Run the command; give back what it printed."""
    command = [sys.executable, "-m", "cohortmart", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def finished_run(study: Path, data: Path, out: Path) -> FinishedRun:
    """Run everything of a study; the caller closes the connection."""
    cohortmart("run", study, "--out", out, "--no-report")
    con = duckdb.connect(str(out / "warehouse.duckdb"), read_only=True)
    return FinishedRun(con, study, data, out)
