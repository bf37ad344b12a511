"""Methylation at full EPIC size: 866,000 probes x 134 samples, step by step, and half of it.

Usage: python benchmarks/epic.py [FOLDER]
Writes about 10 GB below FOLDER (default: a temporary folder, removed at the end) and takes about
a quarter of an hour on two idle cores. Every step is a command in a process of its own, and is
run again on the samples of every second person.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from measured import Measured, cohortmart, run

from cohortmart.core.warehouse.home import Home, connect_read_only, fetch

POLARS = (
    "import polars as pl, sys; pl.scan_csv(sys.argv[1], null_values='NA').sink_parquet(sys.argv[2])"
)
HEAD = """\
study: bench
samples:
  file: {raw}/samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  cell_type: cell_type
  factors: [library_batch, slide]
  covariates: [age, proportion_memory, cell_viability]
timepoints: [NP, BP, 1st, 2nd, 3rd, PP]
groups: [HP, MS, HC]
assays:
  methylation:
    kind: beta
    files: [{betas}]
    sample: methylation_sample
    platform: EPIC
    {normalise}
"""
REFERENCE = "reference: {{manifest: {raw}/manifest.csv, masks: [{raw}/snp_probes.txt]}}\n"
#: One cell type, twenty contrasts.
ANALYSIS = REFERENCE + """\
analyses:
  cd4:
    assay: methylation
    where: "cell_type = 'CD4'"
    values: m_value
    model:
      means: [group, timepoint]
      covariates: [age, proportion_memory, cell_viability]
      block: subject
    contrasts:
""" + "".join(
    f"      {name}: {expression}\n"
    for name, expression in [
        *((f"{g}_{b}-{a}", f"{g}.{b} - {g}.{a}") for g in ("HP", "MS")
          for a, b in (("1st", "2nd"), ("2nd", "3rd"), ("1st", "3rd"), ("3rd", "PP"),
                       ("1st", "PP"), ("2nd", "PP"))),
        *((f"MSvsHP_{t}", f"MS.{t} - HP.{t}") for t in ("1st", "2nd", "3rd", "PP")),
        *((f"MSvsHP_{b}-{a}", f"(MS.{b} - MS.{a}) - (HP.{b} - HP.{a})")
          for a, b in (("1st", "2nd"), ("2nd", "3rd"), ("1st", "3rd"), ("3rd", "PP"))),
    ]
)  # fmt: skip
#: Samples of all people by samples of every second one.
TIMES = 134 / 60
STEPS = "normalise: [bmiq, {combat: {batch: slide, keep: [group, timepoint]}}]"


def write_betas(raw: Path, folder: Path) -> dict[str, Path]:
    """Write the demo's betas complete, with 0.5 % missing, and of every second person."""
    frame = pl.read_csv(raw / "betas.csv", null_values="NA")
    names = frame.columns[1:]
    complete = frame.with_columns(pl.col(names).fill_null(0.5))
    rng = np.random.default_rng(1)
    holes = complete.with_columns(
        pl.when(pl.Series(rng.random(complete.height) >= 0.005)).then(pl.col(n)).alias(n)
        for n in names
    )
    sheet = pl.read_csv(raw / "samples.csv").sort("group", "subject")
    people = sheet["subject"].unique(maintain_order=True).to_list()[::2]
    of_half = set(sheet.filter(pl.col("subject").is_in(people))["methylation_sample"])
    files = {}
    for name, table in {
        "complete": complete,
        "missing": holes,
        "half": complete.select("probe_id", *(n for n in names if n in of_half)),
    }.items():
        files[name] = folder / f"{name}.csv"
        table.write_csv(files[name], float_precision=4, null_value="NA")
    return files


def write_study(folder: Path, name: str, raw: Path, betas: Path, steps: str, text: str) -> Path:
    path = folder / f"{name}.yml"
    path.write_text((HEAD + text).format(raw=raw, betas=betas, normalise=steps))
    return path


def said(step: str, done: Measured, target: str) -> None:
    print(f"  {step:<42}{done.seconds:8.1f} s {done.gigabytes:6.2f} GB   {target}", flush=True)


def alone(done: Measured) -> Measured:
    """Take the seconds of the analysis itself, results written, without dbt."""
    found = re.search(r"contrasts? in ([0-9.]+) s", done.output)
    assert found is not None, done.output
    return replace(done, seconds=float(found[1]))


def time_queries(out: Path) -> None:
    """Time the three questions of an analyst on a warm connection, best of several."""
    con = connect_read_only(Home(out))
    probe = fetch(con, "select probe_id from dim_probe where filter_reason is null limit 1 "
                  "offset 500000").to_pylist()[0]["probe_id"]  # fmt: skip
    gene = fetch(con, "select gene_name from bridge_probe_gene group by gene_name "
                 "having count(*) > 20 order by gene_name limit 1").to_pylist()  # fmt: skip
    queries = {
        "one CpG over all visits (20 ms)": (
            f"select subject_id, timepoint, beta from visit_methylation where probe_id = '{probe}'"
        ),
        "all CpGs of one gene (50 ms)": (
            "select m.probe_id, m.subject_id, m.timepoint, m.beta from visit_methylation as m "
            "where m.probe_id in (select probe_id from bridge_probe_gene "
            f"where gene_name = '{gene[0]['gene_name']}')"
        ),
        "mean beta by timepoint (5,000 ms)": (
            "select timepoint, avg(beta) from visit_methylation group by timepoint"
        ),
    }
    for words, query in queries.items():
        fetch(con, query)
        times = []
        for _ in range(9 if "mean" not in words else 3):
            began = time.perf_counter()
            fetch(con, query)
            times.append(time.perf_counter() - began)
        print(f"  {words:<42}{1e3 * sorted(times)[len(times) // 2]:8.1f} ms (median)", flush=True)
    con.close()


def run_steps(folder: Path, raw: Path, name: str, betas: Path) -> dict[str, Measured]:
    """Run every step on one file of betas and print it; ComBat only where no slide is alone."""
    done: dict[str, Measured] = {}

    def step(label: str, target: str, *arguments: str) -> Measured:
        done[label] = cohortmart(*arguments)
        said(label, done[label], target)
        return done[label]

    plain = str(write_study(folder, f"plain_{name}", raw, betas, "", ANALYSIS))
    alone_ = str(write_study(folder, f"alone_{name}", raw, betas, "", ""))
    bmiq = str(write_study(folder, f"bmiq_{name}", raw, betas, "normalise: [bmiq]", REFERENCE))
    steps = str(write_study(folder, f"steps_{name}", raw, betas, STEPS, REFERENCE))
    out, normalised = str(folder / f"out_{name}"), str(folder / f"normalised_{name}")
    bare = run([sys.executable, "-c", POLARS, str(betas), f"{folder}/p.parquet"])
    said("polars, scan_csv to sink_parquet", bare, "")
    read = step("ingest", "target 1.5 GB", "ingest", alone_, "--out", out)
    print(f"    {read.seconds / bare.seconds:.2f} x polars (target 2)", flush=True)
    step("manifest and masks", "", "ingest", plain, "--out", out)
    step("build", "target 90 s, 4 GB", "build", "--out", out)
    done["analyse"] = alone(cohortmart("analyse", plain, "--out", out))
    said("analyse CD4, 20 contrasts", done["analyse"], "target 60 s, 4 GB")
    cohortmart("ingest", bmiq, "--out", normalised)
    step("BMIQ", "target 600 s", "normalise", bmiq, "--out", normalised)
    if name == "complete":
        cohortmart("ingest", steps, "--out", normalised)
        step("ComBat", "target 60 s", "normalise", steps, "--out", normalised)
    return done


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        raw = folder / "raw"
        if not (raw / "betas.csv").exists():
            from cohortmart.app.demo import write_demo

            write_demo(raw, "epic")
        files = write_betas(raw, folder)
        print(f"866,000 probes x 134 samples; load {os.getloadavg()[0]:.1f}", flush=True)
        whole = run_steps(folder, raw, "complete", files["complete"])
        lake = next((folder / "out_complete" / "lake").glob("matrix-methylation-raw-*.parquet"))
        print(
            f"  lake, raw layer {lake.stat().st_size / 866_000 / 134:34.2f} bytes a beta (target 2)"
        )
        time_queries(folder / "out_complete")
        holes = str(write_study(folder, "holes", raw, files["missing"], "", ANALYSIS))
        out = str(folder / "out_missing")
        cohortmart("ingest", holes, "--out", out)
        cohortmart("build", "--out", out)
        said("analyse with 0.5 % missing", alone(cohortmart("analyse", holes, "--out", out)),
             "target 120 s, 4 GB")  # fmt: skip
        print(f"866,000 probes x {134 / TIMES:.0f} samples; load {os.getloadavg()[0]:.1f}")
        half = run_steps(folder, raw, "half", files["half"])
        for label, done in half.items():
            twice = 2 * whole[label].seconds / done.seconds / TIMES
            print(f"  {label:<42} twice the samples {twice:4.2f} x the time (target 2.2)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
