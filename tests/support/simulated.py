"""Made-up studies of pregnant women, and the P values of every way to model the woman.

`python tests/unit/analyses/stats/simulated.py` prints the tables of docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.mixed.components import DfMethod
from analyses.stats.mixed.mixed_model import fit_mixed
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Bools, Floats

MS, HP, VISITS = 11, 7, ("1st", "2nd", "3rd", "PP")
#: A change within healthy women, a difference between the groups, a difference of changes.
CONTRASTS: Mapping[str, Mapping[str, float]] = {
    "HP 3rd-1st": {"HP.3rd": 1.0, "HP.1st": -1.0},
    "MS-HP 3rd": {"MS.3rd": 1.0, "HP.3rd": -1.0},
    "MS-HP 3rd-1st": {"MS.3rd": 1.0, "MS.1st": -1.0, "HP.3rd": -1.0, "HP.1st": 1.0},
}
#: Contrasts that a model with every woman's level cannot estimate.
BETWEEN = ("MS-HP 3rd",)
MODES = ("consensus", "per_feature", "fixed")
#: Degrees of freedom of the modes with an own correlation for each feature.
DF: Mapping[str, DfMethod] = {"per_feature": "satterthwaite", "kenward_roger": "kenward_roger"}
LEVEL = 0.05


@dataclass(frozen=True)
class Scene:
    """How the studies are made.

    Parameters
    ----------
    share_missed : float
        Of the visits.
    correlation, spread : float
        Tanh of a normal deviate with mean atanh(correlation) and this standard deviation is a
        feature's correlation within women (0 at least).
    weighted : "no", "all" or "noise"
        Precision differs between features and samples, and is known: of all that varies within a
        feature (the consensus' model), or of the noise only (the other two).
    gaps : float
        Share of single values that are missing.
    people : tuple of int
        With MS, and healthy.
    """

    share_missed: float = 0.0
    correlation: float = 0.4
    spread: float = 0.0
    weighted: str = "no"
    gaps: float = 0.0
    people: tuple[int, int] = (MS, HP)


@dataclass(frozen=True, eq=False)
class Simulated:
    """One study: values (n_features, n_samples), their weights, and who gave which sample."""

    y: Floats
    weights: Floats | None
    women: tuple[str, ...]
    means: tuple[str, ...]
    correlation: Floats
    changed: Bools


def simulate(
    scene: Scene, n_features: int, seed: int, changed: float = 0.0, size: float = 1.0
) -> Simulated:
    """Make a study; a share `changed` of the features is higher in HP.3rd by `size` x sd."""
    rng = np.random.default_rng(seed)
    visits = [
        (f"{group}{w:02d}", f"{group}.{visit}")
        for group, n in zip(("MS", "HP"), scene.people, strict=True)
        for w in range(n)
        for visit in VISITS
    ]
    missed = set(rng.permutation(len(visits))[: round(scene.share_missed * len(visits))].tolist())
    women, means = zip(*(v for i, v in enumerate(visits) if i not in missed), strict=True)
    blocks = make_blocks(women)
    drawn = np.arctanh(scene.correlation) + scene.spread * rng.standard_normal(n_features)
    rho = np.clip(np.tanh(drawn), 0.0, 0.95)
    # variances as limma takes them: scaled inverse chi-square around 1
    sd = np.sqrt(8.0 / rng.chisquare(8.0, n_features))
    level = rng.standard_normal((n_features, blocks.n_blocks)) @ blocks.indicators.T
    noise = rng.standard_normal((n_features, len(women)))
    level *= np.sqrt(rho)[:, None]
    noise *= np.sqrt(1.0 - rho)[:, None]
    weights = None
    if scene.weighted != "no":
        weights = np.exp(0.7 * rng.standard_normal(noise.shape))
        noise /= np.sqrt(weights)
        if scene.weighted == "all":
            level /= np.sqrt(weights)
    y = (level + noise) * sd[:, None]
    which = np.arange(n_features) < round(changed * n_features)
    y += np.outer(which * sd * size, [m == "HP.3rd" for m in means])
    y[rng.random(y.shape) < scene.gaps] = np.nan
    return Simulated(y, weights, women, means, rho, which)


def p_values(study: Simulated, mode: str, moderated: bool = True) -> dict[str, Floats]:
    """Return the P values of the contrasts that a way to model the woman can test."""
    names = sorted(set(study.means))
    columns = [[float(m == name) for m in study.means] for name in names]
    tested = [c for c in CONTRASTS if mode != "fixed" or c not in BETWEEN]
    if mode == "fixed":
        columns += [[float(w == woman) for w in study.women] for woman in sorted(set(study.women))]
    matrix = np.array(columns).T
    contrasts = np.zeros((len(columns), len(tested)))
    for j, contrast in enumerate(tested):
        for name, weight in CONTRASTS[contrast].items():
            contrasts[names.index(name), j] = weight
    basis, blocks = design_basis(matrix), make_blocks(study.women)
    fit = _fit(study, mode, basis, blocks, contrasts)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    if not moderated:
        prior = replace(prior, df_prior=np.zeros_like(prior.df_prior))
    return dict(zip(tested, ebayes(fit, prior).p_value.T, strict=True))


def _fit(study: Simulated, mode: str, basis, blocks: Blocks, contrasts: Floats):
    if mode in DF:
        return fit_mixed(study.y, basis, contrasts, blocks, study.weights, df=DF[mode]).fit
    if mode == "fixed":
        return fit_contrasts(study.y, basis, contrasts, weights=study.weights)
    rho = block_correlation(study.y, basis, blocks, study.weights).consensus
    return fit_contrasts(study.y, basis, contrasts, blocks, rho, study.weights)


def share_below(p: Floats, level: float = LEVEL) -> float:
    """Share of the P values below a level."""
    return float((p[np.isfinite(p)] < level).mean())


def discoveries(p: Floats, changed: Bools) -> tuple[float, float]:
    """False discovery proportion and power at an adjusted P of 0.05."""
    found = benjamini_hochberg(p[:, None])[:, 0] < LEVEL
    false = (found & ~changed).sum() / max(found.sum(), 1)
    return float(false), float((found & changed).sum() / max(changed.sum(), 1))


SCENES: Mapping[str, Scene] = {
    "balanced": Scene(),
    "visits missing": Scene(share_missed=0.2),
    "weights": Scene(share_missed=0.2, weighted="all"),
    "weights of the noise": Scene(share_missed=0.2, weighted="noise"),
    "missing values": Scene(share_missed=0.2, gaps=0.05),
    "own correlations": Scene(share_missed=0.2, spread=0.4),
}


#: Studies in which visits are missing, for the two ways to allow for an estimated correlation.
DF_SCENES: Mapping[str, Scene] = {
    "visits missing": Scene(share_missed=0.2),
    "correlation 0.1": Scene(share_missed=0.2, correlation=0.1),
    "correlation 0.8": Scene(share_missed=0.2, correlation=0.8),
    "own correlations": Scene(share_missed=0.2, spread=0.4),
    "weights of the noise": Scene(share_missed=0.2, weighted="noise"),
    "missing values": Scene(share_missed=0.2, gaps=0.05),
    "4 and 3 people": Scene(share_missed=0.2, people=(4, 3)),
}


def print_df(n_studies: int, n: int) -> None:
    """Print the shares below 0.05 and 0.01 by Satterthwaite and by Kenward and Roger."""
    print("\n| study | df | moderated | " + " | ".join(CONTRASTS) + " |")
    print("|---|---|---|" + "---|" * len(CONTRASTS))
    for name, scene in DF_SCENES.items():
        studies = [simulate(scene, n, 100 + seed) for seed in range(n_studies)]
        for mode, df in DF.items():
            for moderated in (False, True):
                found = [p_values(study, mode, moderated) for study in studies]
                joined = {c: np.concatenate([p[c] for p in found]) for c in CONTRASTS}
                cells = [
                    f"{share_below(p):.4f}, {share_below(p, 0.01):.4f}" for p in joined.values()
                ]
                words = "yes" if moderated else "no"
                print(f"| {name} | {df} | {words} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print the tables."""
    n = 40_000
    print_df(12, n // 4)
    print("| study | mode | " + " | ".join(CONTRASTS) + " |")
    print("|---|---|" + "---|" * len(CONTRASTS))
    for name, scene in SCENES.items():
        study = simulate(scene, n, seed=7)
        for mode in MODES:
            p = p_values(study, mode)
            cells = [f"{share_below(p[c]):.4f}" if c in p else "-" for c in CONTRASTS]
            print(f"| {name} | {mode} | " + " | ".join(cells) + " |")
    study = simulate(SCENES["own correlations"], n, seed=7)
    thirds = np.digitize(study.correlation, np.quantile(study.correlation, (1 / 3, 2 / 3)))
    print("\n| correlation within people | mode | " + " | ".join(CONTRASTS) + " |")
    print("|---|---|" + "---|" * len(CONTRASTS))
    for third in range(3):
        inside = thirds == third
        span = f"{study.correlation[inside].min():.2f} to {study.correlation[inside].max():.2f}"
        for mode in MODES:
            p = p_values(study, mode)
            cells = [f"{share_below(p[c][inside]):.4f}" if c in p else "-" for c in CONTRASTS]
            print(f"| {span} | {mode} | " + " | ".join(cells) + " |")
    print("\n| study | mode | false discoveries | power |\n|---|---|---|---|")
    for name, scene in SCENES.items():
        for mode in MODES:
            found = []
            for seed in range(8):
                study = simulate(scene, n // 8, seed, changed=0.1, size=1.5)
                found.append(discoveries(p_values(study, mode)["HP 3rd-1st"], study.changed))
            false, power = np.mean(found, axis=0)
            print(f"| {name} | {mode} | {false:.3f} | {power:.3f} |")


if __name__ == "__main__":
    main()
