"""Block correlation: cohortmart against duplicateCorrelation of the limma that R has.

Usage: python benchmarks/block_correlation.py [--python-with-edgepython PATH]
PATH: the interpreter of an environment that has edgePython (or COHORTMART_EDGEPYTHON); R with
limma and edgeR is used where it is installed, and the real CD8+ RNA-seq (COHORTMART_TEST_DATA,
default ../shared/data) where it is there. Each side runs alone, one after the other; the others
get some of the rows, and seconds a row are compared. On a busy machine the processor's time says
more than the clock's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
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
ROWS = 866_000
OTHERS_ROWS = 2_000
PEOPLE, VISITS = 12, 5
TARGET_LIMMA, TARGET_EDGEPYTHON, TARGET_WEIGHTED = 200.0, 30.0, 25.0

LIMMA = """
suppressMessages(library(limma))
x <- commandArgs(TRUE)
y <- t(matrix(readBin(x[1], "double", 1e8), nrow = 60)); d <- as.matrix(read.csv(x[2]))
s <- system.time(f <- duplicateCorrelation(y, d, block = rep(1:12, each = 5)))[["elapsed"]]
cat(sprintf('{"seconds": %.3f, "consensus": %.9f, "version": "%s"}', s, f$consensus,
            as.character(packageVersion("limma"))))
"""

EDGEPYTHON = """
import json, sys, time
import numpy as np, edgepython
y = np.fromfile(sys.argv[1]).reshape(-1, 60)
x = np.loadtxt(sys.argv[2], delimiter=",", skiprows=1)
block = np.arange(60) // 5
edgepython.duplicate_correlation(y[:50], x, block=block)  # compiles
began = time.perf_counter()
found = edgepython.duplicate_correlation(y, x, block=block)
print(json.dumps({"seconds": time.perf_counter() - began, "version": edgepython.__version__,
                  "consensus": float(found["consensus_correlation"])}))
"""

LIMMA_VOOM = """
suppressMessages({library(limma); library(edgeR)})
x <- commandArgs(TRUE); src <- x[1]
count <- as.matrix(read.delim(gzfile(file.path(src, "gene_counts.tsv.gz")), row.names = 1,
                              check.names = FALSE))
all <- read.csv(file.path(src, "samples.csv")); md <- all[match(colnames(count), all$sample_id), ]
y <- calcNormFactors(DGEList(count)); k <- md$timepoint != "NP" & md$state == "Resting"
m <- md[k, ]; m$grp <- paste(m$group, m$timepoint, sep = ".")
d <- model.matrix(~ 0 + grp + proportion_memory + cell_viability + age, m)
v <- voom(y[, k], d)
s <- system.time(f <- duplicateCorrelation(v, d, block = m$subject))
cat(sprintf('{"seconds": %.3f, "processor": %.3f, "consensus": %.9f, "version": "%s"}',
            s[["elapsed"]], s[["user.self"]] + s[["sys.self"]], f$consensus,
            as.character(packageVersion("limma"))))
"""


def array_design() -> tuple[np.ndarray, np.ndarray]:
    """Two groups of six people at five visits, two covariates; and who each sample is of."""
    who, visit = np.repeat(np.arange(PEOPLE), VISITS), np.tile(np.arange(VISITS), PEOPLE)
    cell = visit + VISITS * (who >= PEOPLE // 2)
    covariates = np.random.default_rng(5).normal(size=(who.size, 2))
    return np.hstack([np.eye(2 * VISITS)[cell], covariates]), who


def array_values(n: int) -> np.ndarray:
    """M-values with a correlation of 0.36 within people; made in pieces, so as to hold no more."""
    rng, (_, who) = np.random.default_rng(7), array_design()
    y = np.empty((n, who.size))
    for start in range(0, n, 10_000):
        part = y[start : start + 10_000]
        rng.standard_normal(out=part)
        part *= 0.8
        part += 0.6 * rng.normal(size=(len(part), PEOPLE))[:, who]
    return y


def time_array(n: int) -> dict[str, float]:
    """Our seconds for `n` rows, and the most memory held beyond the values."""
    from analyses.stats.linear.basis import design_basis
    from analyses.stats.mixed.block_correlation import block_correlation
    from analyses.stats.mixed.blocks import make_blocks

    x, who = array_design()
    basis, blocks, y = design_basis(x), make_blocks(who.astype(str).tolist()), array_values(n)
    block_correlation(y[:2000], basis, blocks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, processor = [], []
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        found = block_correlation(y, basis, blocks)
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "seconds": min(seconds),
        "processor": min(processor),
        "megabytes": more / 1024,
        "consensus": found.consensus,
    }


def ask(command: list[str]) -> dict | None:
    """Read what a program prints as JSON; None, and its last words, if it could not run."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        print(f"  could not run: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return None
    return json.loads(done.stdout)


def ask_r(script: str, *arguments: str) -> dict | None:
    if shutil.which("Rscript") is None:
        print("  R is not installed here")
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".R") as file:
        file.write(script)
        file.flush()
        return ask(["Rscript", file.name, *arguments])


def array(edgepython: str) -> None:
    """Without weights, as many rows as an EPIC array has, and a tenth of them."""
    print(f"without weights, {PEOPLE * VISITS} samples of {PEOPLE} people, simulated")
    ours = {}
    for n in (ROWS // 10, ROWS):
        found = ask([sys.executable, __file__, "--rows", str(n)])
        if found is None:
            return
        ours[n] = found
        print(
            f"  cohortmart  {n:>9,} rows {found['seconds']:9.3f} s (least of {ROUNDS}) "
            f"{found['seconds'] / n * 1e6:9.2f} us a row, {found['megabytes']:.0f} MB more than "
            f"the values  consensus {found['consensus']:.7f}"
        )
    small, large = ours.values()
    print(f"  10 x the rows: {large['processor'] / small['processor']:.1f} x the processor's time")
    with tempfile.TemporaryDirectory() as folder:
        values, design = Path(folder) / "values", Path(folder) / "design.csv"
        array_values(OTHERS_ROWS).tofile(values)
        pl.DataFrame(array_design()[0]).write_csv(design)
        files = (str(values), str(design))
        others = {"limma": (ask_r(LIMMA, *files), TARGET_LIMMA)}
        if edgepython:
            asked = ask([edgepython, "-c", EDGEPYTHON, *files])
            others["edgePython"] = asked, TARGET_EDGEPYTHON
        else:
            print("  edgePython: no interpreter named that has it")
    for name, (found, target) in others.items():
        if found is None:
            continue
        ratio = found["seconds"] / OTHERS_ROWS / (large["seconds"] / ROWS)
        print(
            f"  {name} {found['version']} {OTHERS_ROWS:,} rows {found['seconds']:.3f} s "
            f"{found['seconds'] / OTHERS_ROWS * 1e6:9.2f} us a row: {ratio:.0f} x ours "
            f"(target at least {target:.0f} x)"
        )


def inputs():
    """Voom values and weights, design basis and blocks of the study's final model."""
    from analyses.stats.counts.voom import voom
    from analyses.stats.linear.basis import design_basis
    from analyses.stats.mixed.blocks import make_blocks

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


def weighted() -> None:
    """With the voom weights of the real study."""
    from analyses.stats.mixed.block_correlation import block_correlation

    values, basis, blocks = inputs()
    n, n_samples = values.weights.shape
    seconds, processor = [], []
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        ours = block_correlation(values.log2_cpm, basis, blocks, values.weights)
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    median = statistics.median(seconds)
    print(
        f"voom weights, {n:,} genes x {n_samples} samples\n"
        f"  cohortmart  {median:8.2f} s (median of {ROUNDS}, {min(seconds):.2f} to "
        f"{max(seconds):.2f})  consensus {ours.consensus:.7f}"
    )
    r = ask_r(LIMMA_VOOM, str(DATA / "grams_cd8_rna"))
    if r is not None:
        print(
            f"  limma {r['version']:<6}{r['seconds']:8.2f} s  consensus {r['consensus']:.7f}\n"
            f"  ratio       {r['seconds'] / median:8.1f} x (target at least "
            f"{TARGET_WEIGHTED:.0f} x); of processor time "
            f"{r['processor'] / statistics.median(processor):.1f} x"
        )


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument(
        "--python-with-edgepython", default=os.environ.get("COHORTMART_EDGEPYTHON", "")
    )
    given.add_argument("--rows", type=int, help="only our own time for so many rows, as JSON")
    options = given.parse_args()
    if options.rows:
        print(json.dumps(time_array(options.rows)))
        return 0
    array(options.python_with_edgepython)
    if DATA.is_dir():
        weighted()
    else:
        print(f"no data at {DATA}: nothing timed with weights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
