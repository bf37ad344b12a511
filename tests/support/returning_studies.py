"""Made-up studies of two groups at two visits: differences at the first, and changes of them.

`python -m tests.support.returning_studies` prints the table of docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.returns.return_share import Returning
from analyses.stats.returns.return_test import ReturnTest, return_test
from analyses.stats.rotation.contrast_correlation import contrast_correlations
from analyses.stats.rotation.no_change import no_change_test
from analyses.stats.rotation.rotation import RotationSums
from cohortmart.core.types import Bools, Floats

GROUPS = {"MS": 11, "HP": 7}
VISITS = ("1st", "3rd", "PP")
RHO = 0.35
#: Columns of the contrasts: the difference at baseline, its change, what is left.
BASELINE, CHANGE, LEFT = 0, 1, 2
CONTRASTS = np.array(
    # HP.1st, HP.3rd, HP.PP, MS.1st, MS.3rd, MS.PP
    [[-1.0, 0.0, 0.0, 1.0, 0.0, 0.0], [1.0, -1.0, 0.0, -1.0, 1.0, 0.0], [0, -1.0, 0, 0, 1.0, 0]]
).T


@dataclass(frozen=True)
class Truth:
    """What is planted in units of the standard deviation of a sample.

    Parameters
    ----------
    different, changed : float
        Share of the features with a difference at baseline, and with a change that has nothing to
        do with it.
    returning : float
        Share of the different features that return.
    share : float
        How much of their difference then is gone.
    size : float
        Differences and changes are twice normal with this standard deviation.
    """

    different: float = 0.0
    changed: float = 0.0
    returning: float = 0.0
    share: float = 1.0
    size: float = 1.0


NULLS: Mapping[str, Truth] = {
    "neither difference nor change": Truth(),
    "differences, no change": Truth(different=0.2),
    "all differ, no change": Truth(different=1.0, size=0.7),
    "changes, no difference": Truth(changed=0.2),
    "all change, no difference": Truth(changed=1.0, size=0.7),
}


@dataclass(frozen=True, eq=False)
class ReturningStudy:
    """Values of one study, and what is true of its features."""

    y: Floats
    design: Floats
    blocks: Blocks
    baseline: Floats
    change: Floats


def returning_study(
    truth: Truth, n_features: int, rng: np.random.Generator, missed: float = 0.15
) -> ReturningStudy:
    """Make a study; features go together in blocks of 25, and visits are missed."""
    visits = [(f"{g}{i}", g, v) for g, n in GROUPS.items() for i in range(n) for v in VISITS]
    kept = np.sort(rng.permutation(len(visits))[: round((1 - missed) * len(visits))])
    people, groups, times = zip(*(visits[i] for i in kept), strict=True)
    blocks, n = make_blocks(people), len(people)
    means = [f"{g}.{v}" for g in ("HP", "MS") for v in VISITS]
    design = np.array(
        [[float(f"{g}.{t}" == m) for m in means] for g, t in zip(groups, times, strict=True)]
    )

    def together(n_columns: int) -> Floats:
        shared = np.repeat(rng.standard_normal((-(-n_features // 25), n_columns)), 25, axis=0)
        own = rng.standard_normal((n_features, n_columns))
        return np.sqrt(0.5) * (shared[:n_features] + own)

    noise = np.sqrt(RHO) * together(blocks.n_blocks)[:, blocks.codes]
    noise += np.sqrt(1 - RHO) * together(n)
    baseline, change = np.zeros((2, n_features))
    which = rng.random((2, n_features)) < np.array([[truth.different], [truth.changed]])
    drawn = 2.0 * truth.size * rng.standard_normal((2, n_features))
    baseline[which[0]], change[which[1]] = drawn[0][which[0]], drawn[1][which[1]]
    back = which[0] & (rng.random(n_features) < truth.returning)
    change[back] = -truth.share * baseline[back]
    ms = np.array([g == "MS" for g in groups], float)
    late = ms * np.array([t == "3rd" for t in times], float)
    sd = np.sqrt(8.0 / rng.chisquare(8.0, (n_features, 1)))
    y = sd * (noise + np.outer(baseline, ms) + np.outer(change, late))
    return ReturningStudy(y, design, blocks, baseline, change)


def tested(study: ReturningStudy) -> ReturnTest:
    """Fit, moderate and test as an analysis does, with the true correlation of blocks."""
    fit = fit_contrasts(study.y, design_basis(study.design), CONTRASTS, study.blocks, RHO)
    moderated = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    variance = moderated.s2_post[:, None] * fit.unscaled_sd**2
    return return_test(
        Returning(
            fit.estimate[:, BASELINE],
            fit.estimate[:, CHANGE],
            variance[:, BASELINE],
            variance[:, CHANGE],
            (variance[:, LEFT] - variance[:, BASELINE] - variance[:, CHANGE]) / 2.0,
            moderated.df_total[:, 0],
        )
    )


@dataclass(frozen=True, eq=False)
class Calibration:
    """Of many studies: one number a study, NaN where it has nothing to say.

    Parameters
    ----------
    at_5, at_1 : ndarray
        Share of the tested features with P below 0.05, and below 0.01, that do not return.
    false_discovery : ndarray
        Share of what is found that does not return.
    power : ndarray
        Share of the features that return that is found.
    covered : ndarray
        Share of the bounded intervals of different features that hold the truth.
    n_tested, n_towards, by_chance : ndarray
        Tested, those that move towards the reference, and how many of them by chance.
    """

    at_5: Floats
    at_1: Floats
    false_discovery: Floats
    power: Floats
    covered: Floats
    n_tested: Floats
    n_towards: Floats
    by_chance: Floats


def calibrate(truth: Truth, n_studies: int, n_features: int, seed: int) -> Calibration:
    """Count in made-up studies what the test says of features that do and do not return."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_studies):
        study = returning_study(truth, n_features, rng)
        rows.append(_counts(study, tested(study)))
    return Calibration(*np.array(rows).T)


def _counts(study: ReturningStudy, test: ReturnTest) -> list[float]:
    returns = study.baseline * study.change < 0
    chosen, p = test.found.is_bounded, test.p_value
    found = benjamini_hochberg(p) < 0.05
    null = chosen & ~returns
    with np.errstate(divide="ignore", invalid="ignore"):
        share = -study.change / study.baseline
        inside = (test.found.ci_low <= share) & (share <= test.found.ci_high)
    asked = chosen & (study.baseline != 0)
    return [
        _mean(p[null] < 0.05),
        _mean(p[null] < 0.01),
        float((found & ~returns).sum() / max(found.sum(), 1)),
        _mean(found[returns]),
        _mean(inside[asked]),
        float(chosen.sum()),
        float((chosen & (test.found.share > 0)).sum()),
        float(np.nansum(test.chance_towards)),
    ]


def _mean(values: Bools) -> float:
    return float(values.mean()) if values.size else float("nan")


def rotated_p(truth: Truth, n_studies: int, n_features: int, seed: int) -> tuple[Floats, Floats]:
    """P of r over the features: of no change, and its value beside the rotations' median."""
    rng = np.random.default_rng(seed)
    p, apart = [], []
    for _ in range(n_studies):
        study = returning_study(truth, n_features, rng)
        basis = design_basis(study.design)
        pairs = np.array([[CHANGE, BASELINE]])
        sums = RotationSums(basis, CONTRASTS, study.blocks, RHO, pairs)
        sums.add(study.y)
        fit = fit_contrasts(study.y, basis, CONTRASTS, study.blocks, RHO)
        found = no_change_test(sums, contrast_correlations(fit.estimate).r, 199, seed=1)
        p.append(found.p_value[0])
        apart.append(found.r[0] - found.no_change[0])
    return np.array(p), np.array(apart)


def main() -> None:
    """Print the table."""
    for name, truth in {
        **NULLS,
        "half of the differences gone in half": Truth(different=0.1, returning=0.5, share=0.5),
        "all of it gone in half": Truth(different=0.1, returning=0.5, share=1.0),
    }.items():
        found = calibrate(truth, 200, 2000, 7)
        p, _ = rotated_p(truth, 200, 500, 8)
        chance = found.by_chance.sum() / found.n_tested.sum()
        print(
            f"| {name} | {found.n_tested.mean():.0f} | {np.nanmean(found.at_5):.4f} | "
            f"{np.nanmean(found.at_1):.4f} | {found.false_discovery.mean():.4f} | "
            f"{np.nanmean(found.power):.2f} | {np.nanmean(found.covered):.3f} | "
            f"{found.n_towards.sum() / found.n_tested.sum():.3f} | {chance:.3f} | "
            f"{(p <= 0.05).mean():.3f} |"
        )


if __name__ == "__main__":
    main()
