"""The effects planted in the synthetic study: which genes and probes, what shape, how large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.app.demo.people import GROUPS, TIMEPOINTS, Text
from cohortmart.app.demo.scale import Scale, stream
from cohortmart.core.types import Bools, Floats, Ints

#: Share of the genes with each effect; the others have none. A rebound goes away from the first
#: trimester's level until the third and is back after birth.
SHARES = {
    "rebound_up": 0.05,
    "rebound_down": 0.05,
    "group_up": 0.025,  # MS above HP at all times
    "group_down": 0.025,
    "ms_rebound_up": 0.02,  # a rebound in MS only: an interaction of group and time
    "ms_rebound_down": 0.02,
}
_SIZE = (0.3, 1.0)  # log2 fold change at the peak
_PROMOTER_RATIO = -0.8  # change of a promoter's M-value over its gene's log2 fold change
#: How far a rebound has gone at each time point.
COURSE = {"NP": 0.0, "BP": 0.0, "1st": 0.0, "2nd": 0.5, "3rd": 1.0, "PP": 0.0}

#: The contrasts of the truth tables, as sums of +-1 times a mean, named as the analyses name them.
CONTRASTS: dict[str, dict[tuple[str, str], int]] = {
    **{
        f"{g}_{later}-{earlier}": {(g, later): 1, (g, earlier): -1}
        for g in ("HP", "MS")
        for later, earlier in (("3rd", "1st"), ("PP", "3rd"))
    },
    **{f"MSvsHP_{t}": {("MS", t): 1, ("HP", t): -1} for t in TIMEPOINTS[2:]},
    **{
        f"MSvsHP_{later}-{earlier}": {
            ("MS", later): 1,
            ("MS", earlier): -1,
            ("HP", later): -1,
            ("HP", earlier): 1,
        }
        for later, earlier in (("3rd", "1st"), ("PP", "3rd"))
    },
}


@dataclass(frozen=True)
class Planted:
    """Effects of one kind of feature.

    Parameters
    ----------
    effect : array of str, shape (n_features,)
        A key of `SHARES`, or `none`.
    shift : array, shape (n_features, n_groups, n_timepoints)
        Added to the expected value of samples of that group and time point (`GROUPS`,
        `TIMEPOINTS`), in log2 counts or M-value units.
    """

    effect: Text
    shift: Floats

    def contrast(self, name: str) -> Floats:
        """Return the true value of a contrast for every feature, shape (n_features,)."""
        total = np.zeros(len(self.effect))
        for (group, timepoint), sign in CONTRASTS[name].items():
            total += sign * self.shift[:, GROUPS.index(group), TIMEPOINTS.index(timepoint)]
        return total


def plant_in_genes(seed: int, scale: Scale) -> Planted:
    """Choose the genes that change, and how.

    Parameters
    ----------
    seed : int
        Seed of the study.
    scale : Scale
        For the number of genes.
    """
    rng = stream(seed, "effects")
    effect = np.full(scale.genes, "none", dtype="U16")
    order, start = rng.permutation(scale.genes), 0
    for name, share in SHARES.items():
        stop = start + round(share * scale.genes)
        effect[order[start:stop]] = name
        start = stop
    return Planted(effect, shift_of(effect, rng.uniform(*_SIZE, scale.genes)))


def shift_of(effect: Text, size: Floats) -> Floats:
    """Return what effects do to the expected values, shape (n_features, n_groups, n_timepoints).

    Parameters
    ----------
    effect : array of str, shape (n_features,)
        Keys of `SHARES`, or `none`.
    size : array, shape (n_features,)
        Of the change at its peak, above 0.
    """
    size = np.where(effect == "none", 0.0, size)
    size = np.where(np.char.endswith(effect, "_down"), -size, size)
    course = np.array([COURSE[t] for t in TIMEPOINTS])
    shift = np.zeros((len(effect), len(GROUPS), len(TIMEPOINTS)))
    hp, ms = GROUPS.index("HP"), GROUPS.index("MS")
    both, grouped = np.char.startswith(effect, "rebound"), np.char.startswith(effect, "group")
    only_ms = np.char.startswith(effect, "ms_")
    shift[both, hp] = size[both, None] * course
    shift[both | only_ms, ms] = size[both | only_ms, None] * course
    shift[grouped, ms] = size[grouped, None]
    return shift


def without_effects(planted: Planted) -> Planted:
    """Return the same features with nothing planted, for a study in which nothing happens."""
    return Planted(np.full_like(planted.effect, "none"), np.zeros_like(planted.shift))


def follow_in_probes(genes: Planted, gene: Ints, promoter: Bools) -> Planted:
    """Give promoters the opposite change of their gene; the other probes do not follow.

    Parameters
    ----------
    genes : Planted
        The effects of the genes.
    gene : array of int, shape (n_probes,)
        Index of the gene that each probe is linked to.
    promoter : array of bool, shape (n_probes,)
        The probe lies in the gene's promoter.
    """
    opposite = genes.effect.copy()
    for name in SHARES:
        stem, _, way = name.rpartition("_")
        opposite[genes.effect == name] = f"{stem}_{'down' if way == 'up' else 'up'}"
    return Planted(
        effect=np.where(promoter, opposite[gene], "none"),
        shift=np.where(promoter[:, None, None], _PROMOTER_RATIO * genes.shift[gene], 0.0),
    )
