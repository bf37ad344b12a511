"""Whether a list is special: its features in every contrast, held against a universe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.gene_sets.camera import camera_of_sums
from analyses.stats.lists.fisher import fisher_greater
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Floats
from cohortmart.explore.answers.listed.tested import Tested
from cohortmart.explore.answers.listed.universe import Universe

#: Mean correlation between genes of a list, as limma's camera presets it.
CORRELATION = 0.01


@dataclass(frozen=True)
class InContrast:
    """A list in one contrast; P values are adjusted over the contrasts, NaN where none is known.

    Parameters
    ----------
    contrast : str
    n : int
        Features of the list that were tested.
    n_universe : int
        Likewise of the universe.
    found, up, down : int
        Of the list.
    expected : float
        Found of the list, if it were any features of the universe.
    p, p_up, p_down : float
        Of so many or more found.
    shift : float
        Normal deviate of the mean change of the list: positive if it goes up against the others.
    p_shift : float
    """

    contrast: str
    n: int
    n_universe: int
    found: int
    up: int
    down: int
    expected: float
    p: float
    p_up: float
    p_down: float
    shift: float
    p_shift: float


def in_contrasts(
    universe: Universe,
    what: Tested | None,
    features: Sequence[str],
    found: Mapping[str, Mapping[str, int]],
) -> list[InContrast]:
    """Hold a list against a universe in every contrast, the clearest first.

    Parameters
    ----------
    universe : Universe
    what : Tested or None
        What was tested, with z scores; None where there is too much to hold.
    features : sequence of str
        Of the list, all in the universe.
    found : mapping of str to mapping of str to int
        By contrast and feature that was tested: 1 found up, -1 found down, 0 not found.

    Notes
    -----
    Numbers of found features are tested by the hypergeometric distribution (one-sided), the mean
    change by camera with a preset correlation (Wu & Smyth 2012, doi 10.1093/nar/gks461).
    """
    names = list(universe.numbers)
    wanted = set(features)
    counts = []
    for name in names:
        signs = [s for feature, s in found.get(name, {}).items() if feature in wanted]
        whole = universe.numbers[name]
        n_up, n_down = sum(s > 0 for s in signs), sum(s < 0 for s in signs)
        counts.append((len(signs), n_up + n_down, n_up, n_down, whole.n, whole.n_up, whole.n_down))
    n, both, up, down, total, all_up, all_down = np.array(counts, np.int64).reshape(-1, 7).T
    p, p_up, p_down = (
        benjamini_hochberg(fisher_greater(k, n, all_, total))
        for k, all_ in ((both, all_up + all_down), (up, all_up), (down, all_down))
    )
    shift, p_shift = _shifts(universe, what, names, wanted)
    expected = n * (all_up + all_down) / np.maximum(total, 1)
    rows = [
        InContrast(
            name, int(n[i]), int(total[i]), int(both[i]), int(up[i]), int(down[i]),
            float(expected[i]), float(p[i]), float(p_up[i]), float(p_down[i]), float(shift[i]),
            float(p_shift[i]),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    return sorted(rows, key=_clearest)


def _clearest(row: InContrast) -> tuple[float, ...]:
    shift = 0.0 if np.isnan(row.shift) else row.shift
    return (row.p, -row.found / max(row.expected, 0.1), -abs(shift))


def _shifts(
    universe: Universe, what: Tested | None, names: Sequence[str], wanted: set[str]
) -> tuple[Floats, Floats]:
    """Return the normal deviates of the list's means, and their adjusted P values."""
    if what is None:
        nothing = np.full(len(names), np.nan)
        return nothing, nothing
    places = np.array([i for i, f in enumerate(what.features) if f in wanted], np.int64)
    rows = [what.contrasts.index(name) for name in names]
    whole = [universe.numbers[name] for name in names]
    z = what.z[rows][:, places]
    there = ~np.isnan(z)
    mean = np.array([numbers.mean for numbers in whole])[:, None]
    _, shift, p = camera_of_sums(
        [numbers.n for numbers in whole],
        [numbers.squares for numbers in whole],
        there.sum(axis=1),
        np.where(there, z - mean, 0.0).sum(axis=1),
        CORRELATION,
    )
    return shift, benjamini_hochberg(p)
