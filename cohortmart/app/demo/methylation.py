"""Betas of the synthetic study: normal M-values around one of three states of methylation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cohortmart.app.demo.background import (
    covariate_shift,
    level_shift,
    planted_shift,
    scattered,
    subject_shift,
)
from cohortmart.app.demo.cells import Cells, marker_m_values, marker_shift, markers_among
from cohortmart.app.demo.effects import Planted, follow_in_probes
from cohortmart.app.demo.people import Samples, Text
from cohortmart.app.demo.scale import BLOCK, Scale, stream
from cohortmart.core.types import Bools, Floats, Ints

STATES = ("unmethylated", "half", "methylated")
#: M-value of each state by design type: type II probes reach less far.
_STATE_M = {"I": (-3.6, 0.0, 3.4), "II": (-3.0, 0.0, 2.7)}
_WITHIN_SD = 0.18  # M-value units, between visits of one person
_PRIOR_DF = 10.0
_SLIDE_SD = 0.1
_MISSING = 0.001
_FLOORED = 12  # betas of a block that are exactly 0 or 1, as scanners give now and then


@dataclass(frozen=True)
class Probes:
    """A block of probes; one entry a probe, arrays of shape (n_probes,).

    Parameters
    ----------
    block : int
        Number of the block, from 0.
    number : array of int
        Number of the probe in the study, from 0.
    gene : array of int
        Index of the linked gene.
    promoter : array of bool
        Whether it lies in the gene's promoter (else in its body).
    design_type : array of str
        I or II.
    state : array of int
        Index into `STATES`.
    planted : Planted
        Effects on the M-value.
    moved : array of int, optional
        Base where it lies, 0 where that follows from its gene; None: 0 for all.
    """

    block: int
    number: Ints
    gene: Ints
    promoter: Bools
    design_type: Text
    state: Ints
    planted: Planted
    moved: Ints | None = None


def mark_cells(probes: Probes, cells: Cells, samples: Samples) -> Probes:
    """Note the probes that tell the cells apart, with what is expected of them."""
    here, rows = markers_among(cells, probes.number)
    effect, shift = probes.planted.effect.copy(), probes.planted.shift.copy()
    effect[rows] = "cells" if cells.size.any() else "none"
    shift[rows] = marker_shift(cells, samples)[here]
    return replace(probes, planted=Planted(effect, shift))


def make_probes(seed: int, scale: Scale, genes: Planted, block: int = 0) -> Probes:
    """Lay the probes of a block on the genes, in turn a promoter and a body probe.

    Parameters
    ----------
    seed : int
        Seed of the study.
    scale : Scale
        For the number of probes.
    genes : Planted
        Effects of the genes; promoters follow with the opposite sign.
    block : int
        Which block, below `scale.blocks`.
    """
    rng = stream(seed, "probes", block)
    number = np.arange(block * BLOCK, min((block + 1) * BLOCK, scale.probes))
    n_probes = len(number)
    gene = (number // 2) % scale.genes
    promoter = number % 2 == 0
    planted = follow_in_probes(genes, gene, promoter)
    usual = np.where(
        promoter,
        rng.choice(3, n_probes, p=(0.7, 0.1, 0.2)),
        rng.choice(3, n_probes, p=(0.1, 0.2, 0.7)),
    )
    # a promoter that changes is neither fully open nor fully closed
    state = np.where(planted.effect == "none", usual, STATES.index("half"))
    design_type = np.where(rng.random(n_probes) < 0.16, "I", "II")
    return Probes(block, number, gene, promoter, design_type, state, planted)


def make_betas(seed: int, samples: Samples, probes: Probes, cells: Cells | None = None) -> Floats:
    """Draw the betas of every sample for a block of probes.

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
        All samples, measured or not.
    probes : Probes
        States and effects.
    cells : Cells, optional
        Mixtures, which the probes among its markers show in place of a state.

    Returns
    -------
    array, shape (n_probes, n_samples)
        In 0..1; NaN where a value is missing.
    """
    rng = stream(seed, "methylation", probes.block)
    n_probes, n_samples = len(probes.gene), len(samples.subject)
    of_state = np.array([_STATE_M["I"], _STATE_M["II"]])
    centre = of_state[(probes.design_type == "II").astype(int), probes.state]
    sd_within = np.sqrt(scattered(rng, np.full(n_probes, _WITHIN_SD**2), _PRIOR_DF))
    level = (
        (centre + rng.normal(0, 0.4, n_probes))[:, None]
        + planted_shift(probes.planted, samples)
        + covariate_shift(rng, samples, n_probes)
    )
    if cells is not None:
        here, rows = markers_among(cells, probes.number)
        level[rows] = marker_m_values(cells)[here]
    m_value = (
        level
        + level_shift(rng, samples.slide, n_probes, np.full(n_probes, _SLIDE_SD))
        + subject_shift(rng, samples, sd_within)
        + rng.normal(size=(n_probes, n_samples)) * sd_within[:, None]
    )
    beta: Floats = 1.0 / (1.0 + np.exp2(-m_value))
    beta[rng.random(beta.shape) < _MISSING] = np.nan
    # extremes only where nothing is planted, so that the truth tables stay true
    extreme = np.flatnonzero((probes.planted.effect == "none") & (probes.state != 1))
    rows = rng.choice(extreme, _FLOORED, replace=False)
    measured = np.flatnonzero(samples.methylation)
    beta[rows, rng.choice(measured, _FLOORED)] = np.where(probes.state[rows] == 0, 0.0, 1.0)
    return beta
