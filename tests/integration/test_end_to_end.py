"""Whole runs through the command line."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.warehouse.home import Home, connect_read_only, fetch

STUDY = """
study: tiny
samples:
  file: samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  factors: [batch]
timepoints: ['1st', '3rd']
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint], block: subject}
    thresholds: {p: 0.05}
    contrasts: {time_within_group: all, interaction: all}
"""


def cohortmart(*arguments: str | Path, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cohortmart", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
    )


def write_tiny_study(folder: Path, rng: np.random.Generator) -> Path:
    """Six people at two visits, 60 genes, RNA only."""
    folder.mkdir()
    sheet, columns = ["sample_id,subject,group,timepoint,batch"], []
    for i in range(6):
        for timepoint in ("1st", "3rd"):
            group = "HP" if i < 3 else "MS"
            columns.append(f"S{i}_{timepoint}")
            sheet.append(f"S{i}_{timepoint},p{i},{group},{timepoint},{'AB'[i % 2]}")
    counts = rng.poisson(rng.gamma(2.0, 100.0, (60, 1)), (60, len(columns)))
    lines = ["gene\t" + "\t".join(columns)]
    lines += [f"G{g:02d}\t" + "\t".join(map(str, row)) for g, row in enumerate(counts)]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    (folder / "counts.tsv").write_text("\n".join(lines) + "\n")
    (folder / "study.yml").write_text(STUDY)
    return folder / "study.yml"


def results_of(home: Home) -> dict[tuple[str, str], str]:
    """SHA-256 of every current file of the results, but the times in `analysis_run`."""
    found = {}
    for entry in read_current(home.results):
        if entry.table_name != "analysis_run":
            content = (home.results / entry.path).read_bytes()
            found[entry.table_name, entry.part] = hashlib.sha256(content).hexdigest()
    return found


@pytest.mark.slow
def test_one_assay_through_every_command(tmp_path, rng):
    study = write_tiny_study(tmp_path / "raw", rng)
    home = Home(tmp_path / "out")

    run = cohortmart("run", study, "--out", home.root, "--no-report")
    assert run.returncode == 0, run.stderr
    assert "tiny: 12 samples of 6 people" in run.stdout
    assert "main: 3 contrasts; found at P < 0.05" in run.stdout
    assert "next, for example:\n  cohortmart sql" in run.stdout
    assert "60 features x 12 samples" in run.stderr
    assert {p.name for p in home.root.iterdir()} == {
        ".lock",
        ".study_folder.yml",
        "lake",
        "logs",
        "results",
        "study.yml",
        "warehouse.duckdb",
    }

    query = "select contrast, count(*) as genes from fct_contrast_result group by 1 order by 1"
    sql = cohortmart("sql", query, "--out", home.root, "--format", "json")
    assert json.loads(sql.stdout) == [
        {"contrast": "HP_3rd-1st", "genes": 60},
        {"contrast": "MS_3rd-1st", "genes": 60},
        {"contrast": "MSvsHP_3rd-1st", "genes": 60},
    ]
    before = home.warehouse.read_bytes()

    # a lake that breaks a rule: the build says which, and what was there stays
    sample = next(e for e in read_current(home.lake) if e.table_name == "sample")
    path = home.lake / sample.path
    kept = path.read_bytes()
    table = pq.read_table(path)
    pq.write_table(table.slice(0, table.num_rows - 1), path)
    broken = cohortmart("build", "--out", home.root)
    assert broken.returncode == 1
    assert "the tables could not be built" in broken.stderr
    assert "rows break the rule" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert home.warehouse.read_bytes() == before
    path.write_bytes(kept)

    # the folder moves: its views name the old place, a build names the new one
    moved = Home(shutil.move(home.root, tmp_path / "moved"))
    assert cohortmart("build", "--out", moved.root).returncode == 0
    con = connect_read_only(moved)
    assert fetch(con, "select count(*) as n from fct_contrast_result")["n"][0].as_py() == 180
    con.close()


@pytest.mark.slow
def test_the_demo_twice_gives_the_same_bytes(tmp_path):
    first, second = Home(tmp_path / "first"), Home(tmp_path / "second")
    for home, seed in ((first, "1"), (second, "2")):
        run = cohortmart("demo", "--out", home.root, "--no-report", hash_seed=seed)
        assert run.returncode == 0, run.stderr
    raw = [
        {p.relative_to(h.root): p.read_bytes() for p in (h.root / "raw").rglob("*") if p.is_file()}
        for h in (first, second)
    ]
    assert raw[0] == raw[1]
    assert len(results_of(first)) >= 8
    assert results_of(first) == results_of(second)

    # a second run finds the files in the lake and the analyses done
    again = cohortmart("demo", "--out", first.root, "--no-report")
    assert again.returncode == 0, again.stderr
    assert "already in" in again.stderr
    assert results_of(first) == results_of(second)

    # a person withdraws: she is nowhere, and the study can be analysed without her
    gone = cohortmart("forget", "--subject", "001", "--out", second.root)
    assert gone.returncode == 0, gone.stderr
    con = connect_read_only(second)
    left = fetch(con, "select count(*) as n from dim_subject where subject_id = '001'")
    con.close()
    assert left["n"][0].as_py() == 0
    analysed = cohortmart(
        "analyse", second.root / "raw" / "study.yml", "--out", second.root, "--only", "rna_cd4"
    )
    assert analysed.returncode == 0, analysed.stderr
    con = connect_read_only(second)
    run_of = fetch(con, "select distinct analysis from fct_contrast_result")
    con.close()
    assert run_of["analysis"].to_pylist() == ["rna_cd4"]
