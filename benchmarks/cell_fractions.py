"""Cell fractions of many samples: cohortmart against MASS::rlm and quadprog in R.

Usage: python benchmarks/cell_fractions.py
Synthetic mixtures of twelve cell types at 600 CpGs. R with MASS and quadprog for the comparison,
else only our own time is printed. Each side runs alone, one after the other.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from analyses.stats.composition.constrained_projection import constrained_projection
from analyses.stats.composition.robust_partial_correlation import robust_partial_correlation

N_CPGS, N_TYPES, N_SAMPLES = 600, 12, 500

R_SCRIPT = """
suppressMessages({library(MASS); library(quadprog)})
x <- commandArgs(TRUE)
get <- function(f, r, c) matrix(readBin(file(f, "rb"), "double", r * c), r, c, byrow = TRUE)
p <- as.integer(x[4]); k <- as.integer(x[5]); n <- as.integer(x[6])
ref <- get(x[1], p, k); y <- get(x[2], p, n)
r <- system.time(rpc <- t(apply(y, 2, function(v) {
  b <- summary(rlm(v ~ ref, maxit = 50))$coef[-1, 1]; b[b < 0] <- 0; b / sum(b)})))[["elapsed"]]
A <- cbind(-1, diag(k)); b0 <- c(-1, rep(0, k)); D <- t(ref) %*% ref
c <- system.time(cp <- t(apply(y, 2, function(v)
  solve.QP(D, drop(t(ref) %*% v), A, b0)$solution)))[["elapsed"]]
con <- file(x[3], "wb"); writeBin(as.double(c(t(rpc), t(cp))), con); close(con)
cat(sprintf('{"robust": %.3f, "constrained": %.3f, "MASS": "%s"}', r, c,
            as.character(packageVersion("MASS"))))
"""


def mixtures() -> tuple[np.ndarray, np.ndarray]:
    """Return betas (CpGs x samples) and reference (CpGs x types)."""
    rng = np.random.default_rng(7)
    reference = np.clip(rng.beta(0.6, 0.6, (N_CPGS, N_TYPES)), 0.01, 0.99)
    betas = reference @ rng.dirichlet(np.ones(N_TYPES), N_SAMPLES).T
    return np.clip(betas + rng.normal(0, 0.02, betas.shape), 0, 1), reference


def main() -> int:
    betas, reference = mixtures()
    seconds, ours = {}, {}
    for name, solve in (
        ("robust", lambda: robust_partial_correlation(betas, reference)),
        ("constrained", lambda: constrained_projection(betas, reference, whole=False)),
    ):
        began = time.perf_counter()
        ours[name] = solve().fractions
        seconds[name] = time.perf_counter() - began
    print(f"cell fractions, {N_SAMPLES} samples x {N_CPGS} CpGs x {N_TYPES} types")
    for name, value in seconds.items():
        print(f"  cohortmart, {name:12} {value:8.3f} s")
    if shutil.which("Rscript") is None:
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, values in (("ref", reference), ("y", betas)):
            (folder / part).write_bytes(np.ascontiguousarray(values).tobytes())
        command = ["Rscript", "-e", R_SCRIPT, *(str(folder / f) for f in ("ref", "y", "out"))]
        done = subprocess.run(
            [*command, str(N_CPGS), str(N_TYPES), str(N_SAMPLES)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            print(f"  R was not timed: {done.stderr.strip().splitlines()[-1]}")
            return 0
        told = json.loads(done.stdout)
        both = np.fromfile(folder / "out").reshape(2, N_SAMPLES, N_TYPES)
    for (kind, value), theirs in zip(seconds.items(), both, strict=True):
        own = ours[kind] if ours[kind].shape == theirs.shape else ours[kind].T
        print(
            f"  R (MASS {told['MASS']}), {kind:12} {told[kind]:8.3f} s; "
            f"{told[kind] / value:.1f} x; largest difference {np.abs(own - theirs).max():.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
