"""ComBat-seq on the study's CD8+ counts: cohortmart against R's sva.

Usage: python benchmarks/combat_seq.py
Needs the real CD8+ RNA-seq (COHORTMART_TEST_DATA, default ../shared/data); R with sva for the
comparison, else only our own time is printed. Each side runs alone, one after the other.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("COHORTMART_TEST_DATA", ROOT / ".." / "shared" / "data")).resolve()
ROUNDS = 3
TARGET = 5.0

R_SCRIPT = """
suppressMessages({library(sva); library(edgeR)})
x <- commandArgs(TRUE); src <- x[1]
count <- round(as.matrix(read.delim(gzfile(file.path(src, "gene_counts.tsv.gz")), row.names = 1,
                                    check.names = FALSE)))
all <- read.csv(file.path(src, "samples.csv")); md <- all[match(colnames(count), all$sample_id), ]
keep <- data.frame(paste(md$group, md$timepoint, sep = "."), md$state)
invisible(capture.output(s <- system.time(
  y <- ComBat_seq(count, batch = md$library_batch, covar_mod = keep))[["elapsed"]]))
con <- file(x[2], "wb"); writeBin(as.double(t(y)), con); close(con)
cat(sprintf('{"seconds": %.3f, "sva": "%s"}', s, as.character(packageVersion("sva"))))
"""


def inputs():
    """Read counts, batches and what the study keeps."""
    folder = DATA / "grams_cd8_rna"
    table = pl.read_csv(folder / "gene_counts.tsv.gz", separator="\t")
    sheet = pl.read_csv(folder / "samples.csv", infer_schema_length=None)
    sheet = pl.DataFrame({"sample_id": table.columns[1:]}).join(
        sheet, on="sample_id", how="left", maintain_order="left"
    )
    cell = (sheet["group"] + "." + sheet["timepoint"]).to_numpy()
    keep = np.column_stack(
        [cell[:, None] == np.unique(cell)[None, 1:], sheet["state"].to_numpy() == "Resting"]
    )
    return table[:, 1:].to_numpy().astype(float), sheet["library_batch"].to_list(), keep * 1.0


def main() -> int:
    if not DATA.is_dir():
        print(f"no data at {DATA}: nothing timed")
        return 0
    from analyses.stats.batch.combat_seq import combat_seq

    counts, batch, keep = inputs()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ours = combat_seq(counts, batch, keep)
        seconds.append(time.perf_counter() - began)
    median = statistics.median(seconds)
    print(
        f"ComBat-seq, {counts.shape[0]:,} genes x {counts.shape[1]} samples\n"
        f"  cohortmart  {median:8.2f} s (median of {ROUNDS}, {min(seconds):.2f} to "
        f"{max(seconds):.2f})"
    )
    if shutil.which("Rscript") is None:
        print("  R           not installed here")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        script, adjusted = Path(folder) / "combat_seq.R", Path(folder) / "adjusted.bin"
        script.write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(
            ["Rscript", str(script), str(DATA / "grams_cd8_rna"), str(adjusted)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            print(f"  R           could not run: {done.stderr.strip().splitlines()[-1]}")
            return 0
        theirs = np.fromfile(adjusted).reshape(counts.shape)
    r = json.loads(done.stdout)
    off = np.abs(ours.counts - theirs)
    print(
        f"  sva {r['sva']:<8}{r['seconds']:8.2f} s\n"
        f"  ratio       {r['seconds'] / median:8.1f} x (target at least {TARGET:.0f} x)\n"
        f"  counts equal {(off == 0).mean():.3%}, largest difference {off.max():.0f} "
        f"({(off / np.maximum(theirs, 1))[theirs >= 100].max():.2%} of a count of 100 or more)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
