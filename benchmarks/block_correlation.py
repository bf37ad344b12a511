"""Block correlation on voom weights: cohortmart against R's duplicateCorrelation.

Usage: python benchmarks/block_correlation.py
Needs the real CD8+ RNA-seq (COHORTMART_TEST_DATA, default ../shared/data); R with limma and edgeR
for the comparison, else only our own time is printed. Each side runs alone, one after the other.
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
COVARIATES = ("proportion_memory", "cell_viability", "age")
ROUNDS = 5
TARGET = 10.0

R_SCRIPT = """
suppressMessages({library(limma); library(edgeR)})
x <- commandArgs(TRUE); src <- x[1]
count <- as.matrix(read.delim(gzfile(file.path(src, "gene_counts.tsv.gz")), row.names = 1,
                              check.names = FALSE))
all <- read.csv(file.path(src, "samples.csv")); md <- all[match(colnames(count), all$sample_id), ]
y <- calcNormFactors(DGEList(count)); k <- md$timepoint != "NP" & md$state == "Resting"
m <- md[k, ]; m$grp <- paste(m$group, m$timepoint, sep = ".")
d <- model.matrix(~ 0 + grp + proportion_memory + cell_viability + age, m)
v <- voom(y[, k], d)
s <- system.time(f <- duplicateCorrelation(v, d, block = m$subject))[["elapsed"]]
cat(sprintf('{"seconds": %.3f, "consensus": %.9f, "limma": "%s"}', s, f$consensus,
            as.character(packageVersion("limma"))))
"""


def inputs():
    """Voom values and weights, design basis and blocks of the study's final model."""
    from analyses.normalise.voom import voom
    from analyses.stats.basis import design_basis
    from analyses.stats.blocks import make_blocks

    folder = DATA / "grams_cd8_rna"
    table = pl.read_csv(folder / "gene_counts.tsv.gz", separator="\t")
    counts = table[:, 1:].to_numpy().astype(float)
    sheet = pl.read_csv(folder / "samples.csv", infer_schema_length=None)
    sheet = pl.DataFrame({"sample_id": table.columns[1:]}).join(
        sheet, on="sample_id", how="left", maintain_order="left"
    )
    factors = pl.read_csv(folder / "expected" / "tmm.csv.gz")
    library = (factors["lib_size"] * factors["norm_factor"]).to_numpy()
    keep = ((sheet["timepoint"] != "NP") & (sheet["state"] == "Resting")).to_numpy()
    chosen = sheet.filter(pl.Series(keep))
    means = (chosen["group"] + "." + chosen["timepoint"]).to_dummies().to_numpy().astype(float)
    covariates = [chosen[c].cast(pl.Float64).to_numpy()[:, None] for c in COVARIATES]
    basis = design_basis(np.hstack([means, *covariates]))
    values = voom(counts[:, keep], library[keep], basis)
    return values, basis, make_blocks(chosen["subject"].cast(pl.String).to_list())


def main() -> int:
    if not DATA.is_dir():
        print(f"no data at {DATA}: nothing timed")
        return 0
    from analyses.stats.block_correlation import block_correlation

    values, basis, blocks = inputs()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ours = block_correlation(values.log2_cpm, basis, blocks, values.weights)
        seconds.append(time.perf_counter() - began)
    median = statistics.median(seconds)
    print(
        f"block correlation, {len(values.weights):,} genes x {values.weights.shape[1]} samples, "
        f"voom weights\n  cohortmart  {median:8.2f} s (median of {ROUNDS}, {min(seconds):.2f} to "
        f"{max(seconds):.2f})  consensus {ours.consensus:.7f}"
    )
    if shutil.which("Rscript") is None:
        print("  R           not installed here")
        return 0
    with tempfile.NamedTemporaryFile("w", suffix=".R") as script:
        script.write(R_SCRIPT)
        script.flush()
        done = subprocess.run(
            ["Rscript", script.name, str(DATA / "grams_cd8_rna")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        print(f"  R           could not run: {done.stderr.strip().splitlines()[-1]}")
        return 0
    r = json.loads(done.stdout)
    print(
        f"  limma {r['limma']:<6}{r['seconds']:8.2f} s  consensus {r['consensus']:.7f}\n"
        f"  ratio       {r['seconds'] / median:8.1f} x (target at least {TARGET:.0f} x)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
