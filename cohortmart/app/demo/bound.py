"""Genes and CpGs of the synthetic study that a variant nearby binds to the person.

A gene and a body probe of it follow the same variant, each by a step of its own: what the field
calls an expression and a methylation quantitative trait locus in cis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cohortmart.app.demo.cells import Cells
from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.people import GROUPS, Samples, Text
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Bools, Floats, Ints

_SHARE = 0.02  # of the genes
_GENE, _PROBE = (0.7, 1.2), (0.8, 1.6)  # log2 fold change and change of the M-value an allele
#: People with 0, 1 and 2 alleles. The allele is about as frequent in each group, so that no
#: difference between groups is planted with it.
_CARRIERS = {
    "HP": ((3, 3, 1), (2, 3, 2)),
    "MS": ((4, 5, 2), (3, 5, 3)),
    "HC": ((1, 3, 0), (1, 2, 1)),
}


@dataclass(frozen=True)
class Bound:
    """Pairs of a gene and a probe that follow one variant, arrays of shape (n_pairs,).

    Parameters
    ----------
    genes, probes : array of int
        Index of the gene, number of the probe; both ascending.
    gene_step, probe_step : array
        What an allele adds, in log2 counts and M-value units.
    allele : array, shape (n_pairs, n_samples)
        0, 1 or 2 of the person that gave the sample, less the mean over the people.
    """

    genes: Ints
    probes: Ints
    gene_step: Floats
    probe_step: Floats
    allele: Floats


def make_bound(seed: int, samples: Samples, plan: Planted, left_out: Bools, cells: Cells) -> Bound:
    """Choose the pairs and draw everybody's alleles.

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
        All samples.
    plan : Planted
        Effects of the genes; those of a pair have no other.
    left_out : array of bool, shape (n_probes of the first block,)
        Probes that filters leave out, and so of no pair.
    cells : Cells
        Genes and probes that follow the cells, and so no variant.
    """
    rng = stream(seed, "bound to the person")
    gene = np.setdiff1d(np.flatnonzero(plan.effect == "none"), cells.genes)
    probe = 2 * gene + 1  # its first body probe
    gene, probe = gene[probe < len(left_out)], probe[probe < len(left_out)]
    free = ~left_out[probe] & ~np.isin(probe, cells.markers)
    n_pairs = min(round(_SHARE * len(plan.effect)), int(free.sum()))
    chosen = np.sort(rng.permutation(np.flatnonzero(free))[:n_pairs])
    person, first = np.unique(samples.subject, return_index=True)
    group = samples.group[first]
    allele = np.zeros((n_pairs, len(person)))
    kind = rng.integers(0, 2, n_pairs)
    for name in GROUPS:
        members = np.flatnonzero(group == name)
        carriers = np.array([np.repeat((0, 1, 2), count) for count in _CARRIERS[name]])
        allele[:, members] = rng.permuted(carriers[kind], axis=1)
    allele -= allele.mean(axis=1, keepdims=True)
    way = rng.choice([-1.0, 1.0], (2, n_pairs))
    return Bound(
        genes=gene[chosen],
        probes=probe[chosen],
        gene_step=way[0] * rng.uniform(*_GENE, n_pairs),
        probe_step=way[1] * rng.uniform(*_PROBE, n_pairs),
        allele=allele[:, samples.subject],
    )


def bound_in_genes(bound: Bound) -> Floats:
    """Return what the variants add to the log2 expected counts, shape (n_pairs, n_samples)."""
    return bound.gene_step[:, None] * bound.allele


def bound_betas(bound: Bound, number: Ints, beta: Floats) -> Floats:
    """Add what the variants do to the M-values of the probes among consecutive ones.

    Parameters
    ----------
    bound : Bound
        The pairs.
    number : array of int, shape (n_probes,)
        Numbers of the probes.
    beta : array, shape (n_probes, n_samples)
        Without the variants; NaN stays, and so do 0 and 1.
    """
    here = (bound.probes >= number[0]) & (bound.probes <= number[-1])
    rows = bound.probes[here] - number[0]
    odds = np.exp2(bound.probe_step[here, None] * bound.allele[here])
    moved = beta.copy()
    moved[rows] = beta[rows] * odds / (1.0 - beta[rows] + beta[rows] * odds)
    return moved


def bound_truth(bound: Bound, gene_id: Text, probe_id: Text) -> pl.DataFrame:
    """Return the pairs with what an allele does to each."""
    return pl.DataFrame(
        {
            "gene_id": gene_id,
            "probe_id": probe_id,
            "log_fc_an_allele": bound.gene_step.round(4),
            "m_value_an_allele": bound.probe_step.round(4),
        }
    )
