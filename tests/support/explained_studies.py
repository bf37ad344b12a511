"""Made-up studies in which variables explain a known part of the changes within people.

`python -m tests.support.explained_studies` prints the tables of docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analyses.stats.explained.change_fit import fit_changes
from analyses.stats.explained.change_parts import ChangeTests, variances_of
from analyses.stats.explained.within_people import within_people
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from cohortmart.core.types import Floats

GROUPS = {"MS": 11, "HP": 7}
VISITS = ("1st", "2nd", "3rd", "PP")
CONTRASTS: Mapping[str, Mapping[str, float]] = {
    "HP 3rd-1st": {"HP.3rd": 1.0, "HP.1st": -1.0},
    "MS-HP 3rd-1st": {"MS.3rd": 1.0, "MS.1st": -1.0, "HP.3rd": -1.0, "HP.1st": 1.0},
}
PARTS = ("total", "remaining", "first", "second", "explained")


@dataclass(frozen=True)
class Mediation:
    """How variables and features change; both are higher in HP.3rd.

    Parameters
    ----------
    change : tuple of two floats
        Of the two variables, in standard deviations within people.
    slope : tuple of two floats
        Of every feature on them.
    remaining : float
        Change of every feature that has nothing to do with them.
    level_slope : float
        What the levels of people in the first variable add to the levels of features, beside the
        slope: the relation between people is another one than that within them.
    gaps : float
        Share of single values that are missing.
    weighted : bool
        Precisions of the noise differ, and are known.
    """

    change: tuple[float, float] = (0.0, 0.0)
    slope: tuple[float, float] = (0.0, 0.0)
    remaining: float = 0.0
    level_slope: float = 0.8
    gaps: float = 0.0
    weighted: bool = False

    @property
    def truth(self) -> Floats:
        """The parts of HP 3rd-1st in the order of PARTS; of the second contrast minus these."""
        parts = np.multiply(self.change, self.slope)
        return np.array([parts.sum() + self.remaining, self.remaining, *parts, parts.sum()])


SCENES: Mapping[str, Mediation] = {
    "neither changes nor slopes": Mediation(),
    "variables change": Mediation(change=(1.5, 1.0)),
    "slopes only": Mediation(slope=(0.7, 0.7)),
    "one changes, the other has a slope": Mediation(change=(1.5, 0.0), slope=(0.0, 0.7)),
    "half explained": Mediation(change=(1.5, 1.0), slope=(0.6, 0.3), remaining=1.2),
    "all explained": Mediation(change=(1.5, 1.0), slope=(0.6, 0.3)),
    "all explained, small": Mediation(change=(0.5, 0.5), slope=(0.25, 0.25)),
    "parts cancel": Mediation(change=(1.5, 1.5), slope=(0.7, -0.7)),
    "all explained, missing values": Mediation((1.5, 1.0), (0.6, 0.3), gaps=0.05),
    "all explained, weights": Mediation((1.5, 1.0), (0.6, 0.3), weighted=True),
}


@dataclass(frozen=True, eq=False)
class MediatedStudy:
    """One study; 20 % of the visits are missed."""

    y: Floats
    weights: Floats | None
    variables: Floats
    design: Floats
    blocks: Blocks
    contrasts: Floats


def mediated_study(scene: Mediation, n_features: int, rng: np.random.Generator) -> MediatedStudy:
    """Make a study; correlations within people differ between features."""
    visits = [
        (f"{g}{i:02d}", f"{g}.{v}") for g, n in GROUPS.items() for i in range(n) for v in VISITS
    ]
    kept = np.sort(rng.permutation(len(visits))[: round(0.8 * len(visits))])
    people, means = zip(*(visits[i] for i in kept), strict=True)
    blocks, n = make_blocks(people), len(people)
    levels = 0.8 * rng.standard_normal((blocks.n_blocks, 2))
    noise = rng.standard_normal((n, 2)) @ np.array([[1.0, 0.5], [0.0, np.sqrt(0.75)]])
    shifted = np.array([m == "HP.3rd" for m in means], float)
    z = levels[blocks.codes] + noise + np.outer(shifted, scene.change)
    rho = np.clip(np.tanh(np.arctanh(0.4) + 0.4 * rng.standard_normal((n_features, 1))), 0, 0.95)
    sd = np.sqrt(8.0 / rng.chisquare(8.0, (n_features, 1)))
    e, weights = rng.standard_normal((n_features, n)), None
    if scene.weighted:
        weights = np.exp(0.4 * rng.standard_normal(e.shape))
        e /= np.sqrt(weights)
    own = rng.standard_normal((n_features, blocks.n_blocks))[:, blocks.codes]
    y = sd * (np.sqrt(rho) * own + np.sqrt(1.0 - rho) * e) + z @ scene.slope
    y += scene.remaining * shifted + scene.level_slope * levels[blocks.codes, 0]
    y[rng.random(y.shape) < scene.gaps] = np.nan
    names = sorted(set(means))
    contrasts = np.zeros((len(names), len(CONTRASTS)))
    for j, contrast in enumerate(CONTRASTS.values()):
        for name, weight in contrast.items():
            contrasts[names.index(name), j] = weight
    design = np.array([[float(m == name) for name in names] for m in means])
    return MediatedStudy(y, weights, z, design, blocks, contrasts)


def tests_of(study: MediatedStudy) -> ChangeTests:
    """Fit and moderate a study."""
    within = within_people(study.design, study.blocks, study.variables)
    fit = fit_changes(study.y, within, study.weights)
    variances = [variances_of(fit, remaining=r) for r in (False, True)]
    return ChangeTests(fit, within, *(fit_f_dist(v.sigma2, v.df_residual) for v in variances))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Shares over studies; arrays of shape (n_studies, n_contrasts, n_parts)."""

    covered: Floats
    rejected: Floats

    def mean(self, of: Floats) -> Floats:
        """Mean over the studies, of shape (n_contrasts, n_parts)."""
        return np.asarray(of.mean(axis=0))

    def error(self, of: Floats) -> Floats:
        """Its Monte-Carlo error: features of a study share the variables, studies share nothing."""
        return np.asarray(of.std(axis=0, ddof=1) / np.sqrt(len(of)))


def calibrate(scene: Mediation, n_studies: int, n_features: int, seed: int) -> Calibration:
    """Count how often 95 % intervals hold the truth, and how often P is below 0.05."""
    covered, rejected = np.empty((2, n_studies, len(CONTRASTS), len(PARTS)))
    for s in range(n_studies):
        study = mediated_study(scene, n_features, np.random.default_rng([seed, s]))
        tests = tests_of(study)
        for j, k in enumerate(tests.within.contrasts(study.contrasts).T):
            parts, truth = tests.of_contrast(k), scene.truth * (1.0, -1.0)[j]
            covered[s, j] = ((parts.ci_low <= truth) & (truth <= parts.ci_high)).mean(axis=0)
            rejected[s, j] = (parts.p_value < 0.05).mean(axis=0)
    return Calibration(covered, rejected)


def mixed_model_coverage(
    scene: Mediation, mode: str, n_studies: int, n_features: int, seed: int
) -> Floats:
    """Coverage of remaining change and first slope where people have a random level.

    `shared` takes the consensus correlation of the fit without variables in both fits, `own` that
    of each fit, `means` that of each fit and the means of people as columns (Mundlak 1978).
    """
    found = np.empty((n_studies, 2))
    for s in range(n_studies):
        study = mediated_study(scene, n_features, np.random.default_rng([seed, s]))
        x, z, blocks = study.design, study.variables, study.blocks
        columns = [x, z]
        if mode == "means":
            means = (blocks.indicators / blocks.indicators.sum(axis=0)).T @ z
            columns.append(means[blocks.codes])
        design = np.hstack(columns)
        without, whole = design_basis(x), design_basis(design)
        rho = block_correlation(study.y, without if mode == "shared" else whole, blocks).consensus
        contrasts = np.zeros((design.shape[1], 2))
        contrasts[: x.shape[1], 0], contrasts[x.shape[1], 1] = study.contrasts[:, 0], 1.0
        fit = fit_contrasts(study.y, whole, contrasts, blocks, rho)
        tested = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
        truth = np.array([scene.remaining, scene.slope[0]])
        found[s] = ((tested.ci_low <= truth) & (truth <= tested.ci_high)).mean(axis=0)
    return np.asarray(found.mean(axis=0))


def main(n_studies: int = 1000, n_features: int = 60) -> None:
    """Print the tables."""
    for contrast, number in enumerate(CONTRASTS):
        print(f"\n{number}\n\n| study | " + " | ".join(PARTS) + " |\n|---|" + "---|" * len(PARTS))
        for name, scene in SCENES.items():
            c = calibrate(scene, n_studies, n_features, seed=3)
            cells = [
                f"{m:.3f} ({r:.3f})"
                for m, r in zip(
                    c.mean(c.covered)[contrast], c.mean(c.rejected)[contrast], strict=True
                )
            ]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    print("\n| model | remaining | slope |\n|---|---|---|")
    scene = SCENES["variables change"]
    for mode in ("shared", "own", "means"):
        cells = [f"{v:.3f}" for v in mixed_model_coverage(scene, mode, 300, 100, seed=3)]
        print(f"| {mode} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
