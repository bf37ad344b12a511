"""The statistics engine at EPIC size: contrasts against limma, mixed models, permutations.

Usage: python benchmarks/engine.py [N_FEATURES]
866,000 features x 60 samples (18 people, 2 groups, 4 visits, a few visits missing) unless said
otherwise, made up; R with limma for the comparison, else only our own times are printed. Each part
runs in a process of its own, one after the other, on a tenth of the features as well: ten times
the features should take ten times as long.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measured import Measured, run

N_FEATURES, N_GENES, N_SAMPLES = 866_000, 13_456, 60
N_CONTRASTS, N_PERMUTATIONS = 20, 1_000
TARGETS = {"contrasts": "limma's time, 3 GB", "mixed": "120 s", "permutations": "60 s"}

R_SCRIPT = """
suppressMessages(library(limma))
x <- commandArgs(TRUE); n <- as.integer(x[1]); s <- read.csv(x[2]); k <- as.matrix(read.csv(x[3]))
d <- model.matrix(~ 0 + mean, s)
set.seed(1); y <- matrix(rnorm(n * nrow(s)), n) + rnorm(n)
s <- system.time({
  f <- lmFit(y, d, block = s$person, correlation = 0.3)
  f <- eBayes(contrasts.fit(f, k))
})[["elapsed"]]
cat(sprintf("%.2f %s", s, as.character(packageVersion("limma"))))
"""


def layout() -> tuple[list[str], list[str]]:
    """People and means of 60 samples: 18 people at 4 visits, 12 visits missing."""
    visits = [
        (f"w{w:02d}", f"{'MS' if w < 11 else 'HP'}.{visit}")
        for w in range(18)
        for visit in ("1st", "2nd", "3rd", "PP")
    ]
    kept = [v for i, v in enumerate(visits) if i % 6 != 5]
    return [w for w, _ in kept], [m for _, m in kept]


def contrasts(n_means: int) -> np.ndarray:
    """Twenty differences of two means."""
    pairs = list(itertools.combinations(range(n_means), 2))[:N_CONTRASTS]
    out = np.zeros((n_means, len(pairs)))
    for j, (a, b) in enumerate(pairs):
        out[a, j], out[b, j] = -1.0, 1.0
    return out


def model():
    """Basis of the design, blocks and contrasts."""
    from analyses.stats.linear.basis import design_basis
    from analyses.stats.mixed.blocks import make_blocks

    people, means = layout()
    names = sorted(set(means))
    matrix = np.array([[float(m == name) for name in names] for m in means])
    return design_basis(matrix), make_blocks(people), contrasts(len(names))


def values(n: int) -> np.ndarray:
    """Values with a person's level in them."""
    rng = np.random.default_rng(1)
    _, blocks, _ = model()
    y = rng.standard_normal((n, N_SAMPLES))
    y += rng.standard_normal((n, blocks.n_blocks)) @ blocks.indicators.T * 0.6
    return y


def do_contrasts(n: int) -> float:
    """Fit, 20 exact contrasts, moderation."""
    from analyses.stats.linear.contrast_fit import fit_contrasts
    from analyses.stats.moderation.ebayes import ebayes
    from analyses.stats.moderation.fit_f_dist import fit_f_dist

    basis, blocks, k = model()
    y = values(n)
    began = time.perf_counter()
    fit = fit_contrasts(y, basis, k, blocks, 0.3)
    ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    return time.perf_counter() - began


def do_mixed(n: int) -> float:
    """REML, fit, Satterthwaite and moderation of every feature."""
    from analyses.stats.mixed.mixed_model import fit_mixed
    from analyses.stats.moderation.ebayes import ebayes
    from analyses.stats.moderation.fit_f_dist import fit_f_dist

    basis, blocks, k = model()
    y = values(n)
    began = time.perf_counter()
    fit = fit_mixed(y, basis, k, blocks).fit
    ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    return time.perf_counter() - began


def do_permutations(n: int) -> float:
    """One contrast, 1,000 permutations of the visits."""
    from analyses.stats.linear.contrast_fit import fit_contrasts
    from analyses.stats.moderation.ebayes import ebayes
    from analyses.stats.moderation.fit_f_dist import fit_f_dist
    from analyses.stats.permutation.permutation import PermutationSums

    basis, blocks, k = model()
    y = values(n)
    fit = fit_contrasts(y, basis, k[:, :1], blocks, 0.3)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    df_total = ebayes(fit, prior).df_total[:, 0]
    began = time.perf_counter()
    sums = PermutationSums(
        basis, k[:, 0], blocks, blocks, 0.3, n_permutations=N_PERMUTATIONS, seed=1
    )
    sums.add(y, prior.s2_prior, prior.df_prior, df_total)
    sums.check()
    sums.p_values()
    return time.perf_counter() - began


PARTS: dict[str, Callable[[int], float]] = {
    "contrasts": do_contrasts,
    "mixed": do_mixed,
    "permutations": do_permutations,
}


def timed(part: str, n: int) -> tuple[float, Measured]:
    """Run one part in a process of its own; seconds of the computation, memory of the whole."""
    done = run([sys.executable, __file__, "--part", part, str(n)])
    return float(done.output.split()[-1]), done


def limma(n: int) -> str | None:
    """Time of lmFit, contrasts.fit and eBayes with the correlation given."""
    if shutil.which("Rscript") is None:
        return None
    people, means = layout()
    with tempfile.TemporaryDirectory() as folder:
        script, sheet, table = (Path(folder) / f for f in ("fit.R", "samples.csv", "k.csv"))
        script.write_text(R_SCRIPT)
        rows = [f"{w},{m}" for w, m in zip(people, means, strict=True)]
        sheet.write_text("person,mean\n" + "\n".join(rows) + "\n")
        k = contrasts(len(set(means)))
        lines = [",".join(f"c{j}" for j in range(k.shape[1]))]
        lines += [",".join(map(str, row)) for row in k]
        table.write_text("\n".join(lines) + "\n")
        done = run(["Rscript", str(script), str(n), str(sheet), str(table)])
    return done.output.strip() + f" {done.gigabytes:.2f}"


def main() -> int:
    """Print the table."""
    if sys.argv[1:2] == ["--part"]:
        print(PARTS[sys.argv[2]](int(sys.argv[3])))
        return 0
    n = int(sys.argv[1]) if len(sys.argv) > 1 else N_FEATURES
    for part, size in (("contrasts", n), ("mixed", n), ("permutations", min(n, N_GENES))):
        tenth, small = timed(part, size // 10)
        seconds, whole = timed(part, size)
        data = size * N_SAMPLES * 8 / 1e9
        print(
            f"{part:13} {size:8,} x {N_SAMPLES}  {seconds:7.2f} s  {whole.gigabytes:5.2f} GB "
            f"(values {data:.2f})  target {TARGETS[part]}; a tenth of the features: "
            f"{tenth:6.2f} s ({seconds / tenth:4.1f} x), {small.gigabytes:.2f} GB"
        )
        if part == "contrasts":
            other = limma(size)
            if other is None:
                print("  R is not installed here: limma not timed")
            else:
                theirs, version, memory = other.split()
                print(
                    f"  limma {version}: {theirs} s, {memory} GB; ratio "
                    f"{float(theirs) / seconds:.1f} x (target at least 1 x)"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
