"""Fractions of cells in the samples of the synthetic study, and what follows them.

Sorted cells are a mixture: naive, memory and effector. Effector cells rise until the third
trimester and are back after birth, so that whatever they differ in moves with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cohortmart.app.demo.effects import COURSE, Planted
from cohortmart.app.demo.people import GROUPS, TIMEPOINTS, Samples
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Bools, Floats, Ints

TYPES = ("naive", "memory", "effector")
#: Mean share of effector cells at the start, how far it rises, and its sd between people and
#: between samples of one.
_EFFECTOR, _RISE, _BETWEEN, _WITHIN = 0.18, 0.10, 0.03, 0.02
#: Genes that effector cells have more of, and less of; probes that tell the cells apart.
N_GENES, N_MARKERS = 20, 120
_SIZE = (0.4, 0.9)  # log2 fold change of a gene where the effector cells rise by `_RISE`
_CLIP = 0.02


@dataclass(frozen=True)
class Cells:
    """What the samples are mixed of.

    Parameters
    ----------
    fractions : array, shape (n_samples, n_types)
        Of `TYPES`; they add up to 1.
    genes : array of int, shape (2 * N_GENES,)
        Genes that follow the effector cells: first those that rise with them.
    size : array, shape (2 * N_GENES,)
        log2 fold change of each where the effector cells rise as they do to the third trimester.
    markers : array of int, shape (n_markers,)
        Numbers of the probes that tell the cells apart, ascending.
    reference : array, shape (n_markers, n_types)
        Betas of the pure cells at these probes.
    """

    fractions: Floats
    genes: Ints
    size: Floats
    markers: Ints
    reference: Floats


def make_cells(
    seed: int,
    samples: Samples,
    plan: Planted,
    left_out: Bools,
    *,
    effects: bool = True,
) -> Cells:
    """Draw the fractions of every sample, and what follows them.

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
        All samples; the share of memory cells is theirs.
    plan : Planted
        Effects of the genes; those that follow the cells have no other.
    left_out : array of bool, shape (n_probes of the first block,)
        Probes that filters leave out, and so no markers.
    effects : bool
        False: the cells do not shift, and nothing follows them.
    """
    rng = stream(seed, "cells")
    n, people = len(samples.subject), int(samples.subject.max()) + 1
    course = np.array([COURSE[str(t)] for t in samples.timepoint])
    effector = _EFFECTOR + _RISE * course * effects
    effector = effector + rng.normal(0, _BETWEEN, people)[samples.subject]
    effector = np.clip(effector + rng.normal(0, _WITHIN, n), 0.02, 0.4)
    memory = np.minimum(samples.proportion_memory, 0.98 - effector)
    fractions = np.column_stack([1 - memory - effector, memory, effector])
    genes = rng.permutation(np.flatnonzero(plan.effect == "none"))[: 2 * N_GENES]
    size = rng.uniform(*_SIZE, 2 * N_GENES) * np.repeat([1.0, -1.0], N_GENES)
    # body probes, which follow no gene
    body = np.arange(1, len(left_out), 2)
    body = body[~left_out[body]]
    markers = np.sort(rng.permutation(body)[:N_MARKERS])
    n = len(markers)
    reference = np.where(rng.integers(0, 3, n)[:, None] == np.arange(3), 0.8, 0.2)
    reference = reference + rng.uniform(-0.15, 0.15, (n, 3))
    flipped = rng.random(n) < 0.5
    reference[flipped] = 1 - reference[flipped]
    return Cells(fractions, genes, size * effects, markers, reference.round(4))


def with_cells(planted: Planted, cells: Cells) -> Planted:
    """Add what the genes that follow the cells do on average; of both groups alike."""
    if not cells.size.any():
        return planted
    effect, shift = planted.effect.copy(), planted.shift.copy()
    effect[cells.genes] = np.where(cells.size > 0, "cells_up", "cells_down")
    course = np.array([COURSE[t] for t in TIMEPOINTS])
    for group in ("HP", "MS"):
        shift[cells.genes, GROUPS.index(group)] = cells.size[:, None] * course
    return replace(planted, effect=effect, shift=shift)


def followed(cells: Cells) -> Floats:
    """Return how far each gene follows the cells of each sample, shape (2 * N_GENES, n_samples).

    In log2 units, 0 at the mean share of the start.
    """
    return np.outer(cells.size, (cells.fractions[:, 2] - _EFFECTOR) / _RISE)


def markers_among(cells: Cells, number: Ints) -> tuple[Bools, Ints]:
    """Tell which markers are among consecutive probes, and in which of their rows they stand."""
    here: Bools = (cells.markers >= number[0]) & (cells.markers <= number[-1])
    return here, cells.markers[here] - number[0]


def marker_m_values(cells: Cells) -> Floats:
    """Return the M-values of the mixtures at the markers, shape (n_markers, n_samples)."""
    return _m_value(cells.reference @ cells.fractions.T)


def marker_shift(cells: Cells, samples: Samples) -> Floats:
    """Return the expected M-value of each marker, shape (n_markers, n_groups, n_timepoints).

    Of a sample with the mean fractions of its group and visit.
    """
    shift = np.zeros((len(cells.markers), len(GROUPS), len(TIMEPOINTS)))
    memory = float(samples.proportion_memory.mean())
    for k, timepoint in enumerate(TIMEPOINTS):
        effector = _EFFECTOR + _RISE * COURSE[timepoint] * bool(cells.size.any())
        mean = np.array([1 - memory - effector, memory, effector])
        shift[:, :, k] = _m_value(cells.reference @ mean)[:, None]
    return shift


def _m_value(beta: Floats) -> Floats:
    clipped = np.clip(beta, _CLIP, 1 - _CLIP)
    return np.asarray(np.log2(clipped / (1 - clipped)))
