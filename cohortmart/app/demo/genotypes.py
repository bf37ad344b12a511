"""Genotype probes (rs) of the synthetic study: every person has one genotype for life."""

from __future__ import annotations

import numpy as np
import polars as pl

from cohortmart.app.demo.people import Samples, Text
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Floats, Ints

#: As many as Illumina's EPIC array has.
N_PROBES = 59
#: Frequency of the counted allele.
_FREQUENCY = (0.3, 0.7)
#: Beta of 0, 1 and 2 alleles, how far a probe's own lies from it, and the noise of an array.
_BETA, _OF_PROBE, _NOISE = (0.05, 0.5, 0.95), (0.015, 0.03, 0.015), (0.01, 0.025, 0.01)
_MISSING = 0.001


def make_genotypes(seed: int, people: int) -> Ints:
    """Draw the alleles of every person in Hardy-Weinberg proportions.

    Parameters
    ----------
    seed : int
        Seed of the study.
    people : int
        Number of people.

    Returns
    -------
    array of int, shape (N_PROBES, people)
        0, 1 or 2.
    """
    rng = stream(seed, "genotypes")
    frequency = rng.uniform(*_FREQUENCY, N_PROBES)
    drawn: Ints = rng.binomial(2, frequency[:, None], (N_PROBES, people))
    return drawn


def genotype_probe_ids() -> Text:
    """Return the names of the probes, in a range that no annotation uses."""
    return np.char.add("rs9", np.char.zfill(np.arange(1, N_PROBES + 1).astype(str), 7))


def make_genotype_betas(seed: int, samples: Samples) -> Floats:
    """Draw the betas of the genotype probes, shape (N_PROBES, n_samples).

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
        All samples, measured or not; those of a person share the genotype.
    """
    people = int(samples.subject.max()) + 1
    allele = make_genotypes(seed, people)[:, samples.subject]
    rng = stream(seed, "genotype betas")
    centre = np.array(_BETA) + rng.normal(0, _OF_PROBE, (N_PROBES, len(_BETA)))
    beta = np.take_along_axis(centre, allele, axis=1)
    beta = beta + rng.normal(size=beta.shape) * np.array(_NOISE)[allele]
    beta[rng.random(beta.shape) < _MISSING] = np.nan
    return np.asarray(np.clip(beta, 0.0, 1.0))


def genotype_manifest() -> pl.DataFrame:
    """Return what the manifest says of them: a design type, and no place in the genome."""
    columns = ("IlmnID", "Name", "Infinium_Design_Type")
    kind = np.where(np.arange(N_PROBES) % 2 == 0, "I", "II")
    return pl.DataFrame(
        dict(zip(columns, (genotype_probe_ids(), genotype_probe_ids(), kind), strict=True))
    )


def genotype_truth(seed: int, samples: Samples) -> pl.DataFrame:
    """Return the alleles, a row a probe and a column a person."""
    people = int(samples.subject.max()) + 1
    allele = make_genotypes(seed, people)
    names = np.char.zfill(np.arange(1, people + 1).astype(str), 3)
    by_person = {str(name): allele[:, k] for k, name in enumerate(names)}
    return pl.DataFrame({"probe_id": genotype_probe_ids(), **by_person})
