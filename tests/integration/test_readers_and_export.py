"""A client that stays connected through the next run, and the tables as one file sent on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow  # several builds

SHEET = ["sample,subject,group,visit"] + [
    f"S{i}_{visit},p{i},{'HP' if i < 3 else 'MS'},{visit}"
    for i in range(6)
    for visit in ("1st", "3rd")
]
STUDY = """
study: tiny
samples: {file: samples.csv, sample: sample, subject: subject, group: group, timepoint: visit}
timepoints: [1st, 3rd]
groups: [HP, MS]
assays: {rna: {kind: counts, files: [counts.csv]}}
analyses:
  e:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint], block: subject}
    contrasts: {time_within_group: all}
"""
QUERY = "select analysis, contrast, feature_id, log_fc, p_value from {} order by all"


def cohortmart(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cohortmart", *map(str, arguments)],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip


def results(out: Path) -> set[str]:
    return {p.name for p in (out / "results").glob("*/*.parquet")}


def test_old_connections_answer_and_one_file_holds_all(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("\n".join(SHEET) + "\n")
    names = [row.split(",")[0] for row in SHEET[1:]]
    rows = [
        f"G{g:02d}," + ",".join(str((g * 37 + i * 53) % 400 + 20 * g) for i in range(12))
        for g in range(40)
    ]
    (tmp_path / "counts.csv").write_text("\n".join(["gene," + ",".join(names), *rows]) + "\n")
    study, out = tmp_path / "study.yml", tmp_path / "out"
    study.write_text(STUDY)

    def run() -> None:
        done = cohortmart("run", study, "--out", out, "--no-report")
        assert done.returncode == 0, done.stderr

    run()
    reader = duckdb.connect(str(out / "warehouse.duckdb"), read_only=True)
    shown = {name: reader.sql(QUERY.format(name)).fetchall() for name in ("fct_contrast_result",)}
    found = reader.sql("select count(*) from deg").fetchall()
    first = results(out)
    study.write_text(STUDY + "    thresholds: {p: 0.05}\n")
    run()
    assert first - results(out) == set()
    assert reader.sql("select count(*) from deg").fetchall() == found
    assert (
        reader.sql(QUERY.format("fct_contrast_result")).fetchall() == shown["fct_contrast_result"]
    )
    reader.close()
    second = results(out) - first
    study.write_text(STUDY + "    thresholds: {p: 0.1}\n")
    run()
    assert results(out) & second  # what the second warehouse showed
    old = {name for name in first if name.startswith("threshold")}
    assert old
    assert not old & results(out)

    file = tmp_path / "elsewhere" / "sent.duckdb"
    done = cohortmart("export", file, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "forget" in done.stdout
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        tables = [name for (name,) in con.sql("show tables").fetchall()]
        sizes = {n: con.sql(f"select count(*) from {n}").fetchall() for n in tables}
        columns = con.sql(
            "select table_name, column_name, data_type, comment from duckdb_columns() "
            "where schema_name = 'main' and not internal order by all"
        ).fetchall()
    out.rename(tmp_path / "moved")
    with duckdb.connect(str(file), read_only=True) as con:
        assert [name for (name,) in con.sql("show tables").fetchall()] == tables
        assert {n: con.sql(f"select count(*) from {n}").fetchall() for n in tables} == sizes
        got = con.sql(
            "select table_name, column_name, data_type, comment from duckdb_columns() "
            "where schema_name = 'main' and not internal order by all"
        ).fetchall()
        assert got == columns
        assert con.sql("select count(*) from duckdb_tables() where comment is null").fetchall() == [
            (0,)
        ]

    refused = cohortmart("export", file, "--out", tmp_path / "moved")
    assert refused.returncode == 2
    assert "moved or copied" in refused.stderr
