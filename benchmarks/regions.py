"""Regions: type-I error and power beside dmrff's and comb-p's published ways.

Usage: python benchmarks/regions.py [STUDIES]
Needs the real data (COHORTMART_TEST_DATA, default ../shared/data): residuals of EPIC betas of
chromosomes 18 and 21, rotated, so that nothing happens and neighbours correlate as they do
(rotated_residuals.py). Two designs of 22 samples: two groups of 11 people, and 11
people seen twice, whose two samples correlate by 0.35. In STUDIES of each (default 200) nothing
is planted: how many report a region at a family-wise 0.05? In a fifth as many, 20 regions of 3 to
10 CpGs are: how many are found, and how many regions are reported where nothing is?
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from region_rivals import Found, comb_p, dmrff
from rotated_residuals import (
    GAP,
    Residuals,
    null_values,
    plant_regions,
    real_residuals,
    visit_values,
)

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ModeratedFit, ebayes
from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist
from analyses.stats.regions.chance import chance_regions
from analyses.stats.regions.correlation import neighbour_correlation
from analyses.stats.regions.neighbours import neighbours
from analyses.stats.regions.regions import candidate_regions
from analyses.stats.regions.residuals import residuals

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("COHORTMART_TEST_DATA", ROOT / ".." / "shared" / "data")).resolve()
LEVEL, PLANTED, CORRELATION = 0.05, 20, 0.35
EFFECTS = (1.2, 1.6, 2.0, 2.4)
ROTATIONS = 199
#: CpGs of a region that counts as reported: ours by its default, the others by theirs.
SMALLEST = {"cohortmart": 3, "dmrff": 2, "comb-p": 2}


@dataclass(frozen=True, eq=False)
class Design:
    """A way of taking 22 samples: who is compared, who is whose second visit."""

    name: str
    matrix: np.ndarray
    side: np.ndarray
    blocks: Blocks | None
    draw: Callable[[Residuals, np.random.Generator], np.ndarray]


def designs(n: int) -> tuple[Design, ...]:
    group = (np.arange(n) < n // 2).astype(float)
    visit, person = np.arange(n) % 2.0, np.arange(n) // 2
    return (
        Design("two groups", np.column_stack([np.ones(n), group]), group, None, null_values),
        Design(
            "two visits",
            np.column_stack([np.ones(n), visit]),
            visit,
            make_blocks(person),
            lambda residual, rng: visit_values(residual, CORRELATION, rng),
        ),
    )


@dataclass(frozen=True, eq=False)
class Fitted:
    """A study as all three take it."""

    y: np.ndarray
    design: Design
    rho: float
    estimate: np.ndarray
    fit: ModeratedFit
    prior: VariancePrior


def fitted(y: np.ndarray, design: Design) -> Fitted:
    basis, blocks = design_basis(design.matrix), design.blocks
    rho = 0.0 if blocks is None else block_correlation(y, basis, blocks).consensus
    fit = fit_contrasts(y, basis, np.eye(2)[:, 1:], blocks, rho)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    return Fitted(y, design, rho, fit.estimate[:, 0], ebayes(fit, prior), prior)


def ours(study: Fitted, residual: Residuals) -> Found:
    beside = neighbours(residual.chromosome, residual.position, GAP, SMALLEST["cohortmart"])
    rows, n = beside.rows, len(beside.rows)
    basis = design_basis(study.design.matrix)
    around = residuals(study.y[rows], basis, study.design.blocks, study.rho)
    correlation = neighbour_correlation(around.unit, beside)
    df_prior, s2_prior = (
        np.broadcast_to(value, len(study.y))[rows].copy()
        for value in (study.prior.df_prior, study.prior.s2_prior)
    )
    chance = chance_regions(
        around, df_prior, s2_prior, correlation, beside, LEVEL, ROTATIONS, seed=16
    )
    df = np.broadcast_to(study.fit.df_total[:, :1], (len(study.y), 1))[rows, 0].copy()
    found = candidate_regions(
        study.estimate[rows], study.fit.se[rows, 0], df, correlation, beside, LEVEL
    )
    first, last = found.members[found.ends[:-1]], found.members[found.ends[1:] - 1]
    assert n > last.max(initial=0)
    return Found(rows[first], rows[last] + 1, chance.family_wise(found.p_value))


def all_three(study: Fitted, residual: Residuals) -> dict[str, Found]:
    """Return what each reports; the adjusted P of rotations can be 0.05 itself."""
    se, p = study.fit.se[:, 0], study.fit.p_value[:, 0]
    found = {
        "cohortmart": ours(study, residual),
        "dmrff": dmrff(study.estimate, se, p, study.y, residual.chromosome, residual.position),
        "comb-p": comb_p(p, residual.chromosome, residual.position),
    }
    return {name: f.below(LEVEL + 1e-12, SMALLEST[name]) for name, f in found.items()}


def overlaps(found: Found, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Tell which found region (rows) shares a CpG with which planted one (columns)."""
    return (found.first[:, None] < stop) & (found.stop[:, None] > first)


def type_one(design: Design, residual: Residuals, n: int, seed: int) -> dict[str, float]:
    rng, reports = np.random.default_rng(seed), dict.fromkeys(SMALLEST, 0)
    for _ in range(n):
        for name, found in all_three(fitted(design.draw(residual, rng), design), residual).items():
            reports[name] += len(found.first) > 0
    return {name: count / n for name, count in reports.items()}


def power(
    design: Design, residual: Residuals, effect: float, n: int, seed: int
) -> dict[str, tuple[float, float]]:
    rng = np.random.default_rng(seed)
    hits, wrong = dict.fromkeys(SMALLEST, 0.0), dict.fromkeys(SMALLEST, 0.0)
    for _ in range(n):
        planted = plant_regions(residual, PLANTED, effect, rng)
        y = design.draw(residual, rng) + np.outer(planted.effect, design.side)
        for name, found in all_three(fitted(y, design), residual).items():
            shared = overlaps(found, planted.first, planted.stop)
            hits[name] += shared.any(axis=0).mean() / n
            wrong[name] += (~shared.any(axis=1)).sum() / n
    return {name: (hits[name], wrong[name]) for name in SMALLEST}


def main() -> int:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    if not (DATA / "epic_chr18_21").is_dir():
        print(f"no real data at {DATA}: nothing to compare")
        return 0
    began = time.process_time()
    residual = real_residuals(DATA)
    print(
        f"{len(residual.position):,} CpGs of chromosomes 18 and 21 whose place is known, "
        f"22 samples, {n} null studies a design; family-wise {LEVEL}"
    )
    print("cohortmart (this version), dmrff (Suderman et al. 2018, as its program 1.0.0),")
    print("comb-p (Pedersen et al. 2012, as its program 0.50.4)")
    for i, design in enumerate(designs(residual.values.shape[1])):
        print(f"\n  {design.name:24}" + "".join(f"{name:>18}" for name in SMALLEST))
        shares = type_one(design, residual, n, 100 + i)
        cells = "".join(
            f"{shares[name]:>11.3f} ± {(shares[name] * (1 - shares[name]) / n) ** 0.5:.3f}"
            for name in SMALLEST
        )
        print(f"  {'studies with a region':24}{cells}")
        for effect in EFFECTS:
            found = power(design, residual, effect, max(n // 20, 1), 200 + i)
            cells = "".join(f"{h:>11.0%} + {w:<4.1f}" for h, w in found.values())
            print(f"  {f'planted, {effect} sd':24}{cells}")
    print("\n  planted regions that were found + regions reported where nothing was planted")
    print(f"  {time.process_time() - began:.0f} s of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
