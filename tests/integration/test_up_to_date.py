"""The warehouse never shows results of other data than those it holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # many builds

SHEET = ["sample_id,subject,group,timepoint"] + [
    f"S{i}_{visit},p{i},{'HP' if i < 3 else 'MS'},{visit}"
    for i in range(6)
    for visit in ("1st", "3rd")
]
STUDY = """
study: tiny
samples:
  {file: samples.csv, sample: sample_id, subject: subject, group: group, timepoint: timepoint}
timepoints: [1st, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  first:
    assay: rna
    where: "study_group = 'MS'"
    values: log_cpm
    model: {means: [timepoint], block: subject}
    contrasts: {late: "3rd - 1st"}
  second:
    assay: rna
    values: voom
    filter: filter_by_expr
    normalisation_samples: selected
    model: {means: [group, timepoint], block: subject}
    contrasts: {interaction: all}
"""


def cohortmart(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cohortmart", *map(str, arguments)],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip


def write_counts(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(2.0, 100.0, (60, 1)), (60, 12))
    lines = ["gene\t" + "\t".join(row.split(",")[0] for row in SHEET[1:])]
    lines += [f"G{g:02d}\t" + "\t".join(map(str, row)) for g, row in enumerate(counts)]
    (folder / "counts.tsv").write_text("\n".join(lines) + "\n")


def rows(out: Path) -> str:
    query = "select * from fct_contrast_result order by analysis, contrast, feature_id"
    done = cohortmart("sql", query, "--out", out, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "samples.csv").write_text("\n".join(SHEET) + "\n")
    (tmp_path / "study.yml").write_text(STUDY)
    write_counts(tmp_path, 1)
    return tmp_path / "study.yml"


def test_data_results_and_place_stay_together(study: Path) -> None:
    out = study.parent / "out"
    first = cohortmart("run", study, "--out", out, "--no-report")
    assert first.returncode == 0, first.stderr
    before = rows(out)
    assert "first,late,G00" in before

    # nothing changed: nothing is built or computed
    again = cohortmart("run", study, "--out", out, "--no-report")
    assert again.returncode == 0, again.stderr
    assert "built" not in again.stderr
    assert again.stderr.count("results are there already") == 2

    # other counts, and the user forgets to build: `analyse` builds, then computes on the new ones
    write_counts(study.parent, 2)
    assert cohortmart("ingest", study, "--out", out).returncode == 0
    analysed = cohortmart("analyse", study, "--out", out)
    assert analysed.returncode == 0, analysed.stderr
    fresh = study.parent / "fresh"
    assert cohortmart("run", study, "--out", fresh, "--no-report").returncode == 0
    assert rows(out) == rows(fresh) != before

    # the folder is moved: its views name files that are not there any more
    moved = study.parent / "moved"
    out.rename(moved)
    asked = cohortmart("sql", "select 1", "--out", moved)
    assert asked.returncode == 2
    assert "was moved or copied" in asked.stderr
    assert f"cohortmart build --out {moved}" in asked.stderr
    assert cohortmart("build", "--out", moved).returncode == 0
    assert rows(moved) == rows(fresh)


def test_a_faulty_analysis_does_not_keep_the_others_back(study: Path) -> None:
    out = study.parent / "out"
    assert cohortmart("run", study, "--out", out, "--no-report").returncode == 0
    study.write_text(STUDY.replace('late: "3rd - 1st"', 'late: "3rd - 2nd"'))
    write_counts(study.parent, 2)
    done = cohortmart("run", study, "--out", out, "--no-report")
    assert done.returncode == 2
    assert "analysis first, contrast late: `2nd` is not a coefficient" in done.stderr
    shown = rows(out)
    assert "first," not in shown
    assert "second,MSvsHP_3rd-1st,G00" in shown
