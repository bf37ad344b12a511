"""What the sex chromosomes of the synthetic study show: its people have two X."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cohortmart.app.demo.cells import Cells
from cohortmart.app.demo.manifest import Places
from cohortmart.app.demo.methylation import STATES, Probes
from cohortmart.app.demo.people import Samples, Text
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Bools, Floats, Ints

#: The gene that silences one X, and genes of Y that are on in every tissue.
XIST = "XIST"
_OF_Y = ("RPS4Y1", "DDX3Y", "KDM5D", "EIF1AY", "UTY", "USP9Y", "ZFY", "TXLNGY", "NLGN4Y")
_XIST_SHARE, _XIST_DISPERSION = 2e-4, 0.05  # of the reads of a library, between samples
_STRAY_COUNTS = 0.3  # of a gene on Y, by reads that belong elsewhere
#: M-value of promoters on X, one X open and one silent: between probes, people and arrays.
_X_PROBE, _X_PERSON, _X_ARRAY = 0.35, 0.12, 0.18
_Y_NOISE = 0.18  # sd of the betas of probes on Y, which have no DNA to measure


@dataclass(frozen=True)
class SexGenes:
    """Genes that tell two X from X and Y; indices.

    Parameters
    ----------
    xist : int
        -1 where no gene lies on X.
    on_y : array of int
        Genes on Y.
    """

    xist: int
    on_y: Ints


def sex_genes(places: Places, cells: Cells) -> SexGenes:
    """Choose them among the genes of X and Y that follow no cells."""
    free = np.ones(len(places.chromosome), dtype=bool)
    free[cells.genes] = False
    on_x = np.flatnonzero((places.chromosome == "X") & free)
    on_y = np.flatnonzero((places.chromosome == "Y") & free)
    return SexGenes(int(on_x[0]) if len(on_x) else -1, on_y)


def with_sex_names(gene_name: Text, genes: SexGenes) -> Text:
    """Return the names of all genes; those by which sex is told have their own."""
    named = gene_name.astype("U16")
    if genes.xist >= 0:
        named[genes.xist] = XIST
    known = genes.on_y[: len(_OF_Y)]
    named[known] = _OF_Y[: len(known)]
    return named


def two_x_counts(seed: int, counts: Ints, genes: SexGenes) -> Ints:
    """Return counts in which XIST is on and Y is silent.

    Parameters
    ----------
    seed : int
        Seed of the study.
    counts : array of int, shape (n_genes, n_samples)
    genes : SexGenes
    """
    rng = stream(seed, "sex in counts")
    shown = counts.copy()
    shown[genes.on_y] = rng.poisson(_STRAY_COUNTS, (len(genes.on_y), counts.shape[1]))
    if genes.xist >= 0:
        shape = 1 / _XIST_DISPERSION
        rate = rng.gamma(shape, _XIST_SHARE * counts.sum(axis=0) / shape)
        shown[genes.xist] = rng.poisson(rate)
    return shown


def two_x_betas(
    seed: int, samples: Samples, probes: Probes, places: Places, beta: Floats
) -> Floats:
    """Return betas in which promoters on X are half methylated and Y is noise.

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
        All samples.
    probes : Probes
        A block.
    places : Places
        Where the genes lie.
    beta : array, shape (n_probes, n_samples)
        Betas as of autosomes; NaN stays.
    """
    rng = stream(seed, "sex in betas", probes.block)
    half, noise = _half_methylated(probes, places), places.chromosome[probes.gene] == "Y"
    people, n = int(samples.subject.max()) + 1, beta.shape[1]
    m_value = rng.normal(0, _X_PROBE, (half.sum(), 1))
    m_value = m_value + rng.normal(0, _X_PERSON, (half.sum(), people))[:, samples.subject]
    m_value = m_value + rng.normal(0, _X_ARRAY, (half.sum(), n))
    shown = beta.copy()
    shown[half] = 1.0 / (1.0 + np.exp2(-m_value))
    shown[noise] = np.clip(rng.normal(0.5, _Y_NOISE, (noise.sum(), n)), 0.02, 0.98)
    return np.where(np.isnan(beta), np.nan, shown)


def with_silent_x(probes: Probes, places: Places) -> Probes:
    """Return the probes of a block with the state that one of two silent X shows."""
    half = _half_methylated(probes, places)
    return replace(probes, state=np.where(half, STATES.index("half"), probes.state))


def _half_methylated(probes: Probes, places: Places) -> Bools:
    """Tell which probes of a block are half methylated with two X: promoters on X."""
    on_x: Bools = (places.chromosome[probes.gene] == "X") & probes.promoter
    return on_x
