"""Regions of the synthetic study: neighbouring CpGs that change together.

Where an array has many CpGs a gene, the promoters of changing genes are such regions. A small one
has one CpG in each promoter; there some CpGs are moved together and given a change of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cohortmart.app.demo.cells import Cells
from cohortmart.app.demo.effects import CONTRASTS, SHARES, Planted, follow_in_probes, shift_of
from cohortmart.app.demo.manifest import Places, on_autosome
from cohortmart.app.demo.methylation import STATES, Probes
from cohortmart.app.demo.people import Text
from cohortmart.app.demo.scale import Scale, stream
from cohortmart.core.types import Bools, Ints

#: CpGs of a region, bases between two of them, and the change at its peak in M-value units: the
#: smallest are too small to be seen in one CpG.
_CPGS, _STEP, _SIZE = (3, 8), (15, 25), (0.2, 0.7)
#: First base of a region in a promoter and in a body, relative to where its gene starts.
_PROMOTER_FROM, _BODY_FROM = -190, 600
#: A promoter that manifests call TSS200, from the first to the last base.
_PROMOTER = (-200, -1)
_FEWEST = 3


@dataclass(frozen=True)
class Regions:
    """Regions, and the CpGs of all of them.

    Parameters
    ----------
    gene : array of int, shape (n_regions,)
        Where each lies: a gene without any effect of its own.
    promoter : array of bool, shape (n_regions,)
        In its promoter, else in its body.
    planted : Planted
        Effects of the regions.
    number : array of int, shape (n_cpgs,)
        Numbers of the probes, ascending.
    region : array of int, shape (n_cpgs,)
        Which region each belongs to.
    position : array of int, shape (n_cpgs,)
        Where it lies.
    """

    gene: Ints
    promoter: Bools
    planted: Planted
    number: Ints
    region: Ints
    position: Ints


def make_regions(
    seed: int,
    scale: Scale,
    genes: Planted,
    places: Places,
    left_out: Bools,
    cells: Cells,
    *,
    effects: bool = True,
) -> Regions:
    """Choose the CpGs that are moved together, and how they change.

    Parameters
    ----------
    seed : int
        Seed of the study.
    scale : Scale
        For the number of regions.
    genes : Planted
        Effects of the genes, by cells too: regions lie in genes without any.
    places : Places
        Where the genes lie.
    left_out : array of bool, shape (n_probes of the first block,)
        Probes that stay where they are: filters leave them out, or they follow a variant.
    cells : Cells
        For the probes that tell the cells apart, which stay where they are.
    effects : bool
        False: they lie together, and nothing changes.
    """
    rng = stream(seed, "regions")
    stays = np.zeros(len(genes.effect), dtype=bool)
    probe = np.union1d(np.flatnonzero(left_out), cells.markers)
    stays[probe[probe < 2 * len(stays)] // 2] = True
    free = rng.permutation(np.flatnonzero((genes.effect == "none") & on_autosome(places) & ~stays))
    gene, promoter = free[: scale.regions], np.arange(scale.regions) % 2 == 0
    count = rng.integers(_CPGS[0], _CPGS[1] + 1, scale.regions)
    # its gene's own CpG, and body CpGs of genes that no region lies in
    own = 2 * gene + ~promoter
    body = np.arange(1, len(left_out), 2)
    body = body[~left_out[body] & ~np.isin(body, cells.markers) & ~np.isin(body // 2, gene)]
    moved = rng.permutation(body)[: (count - 1).sum()]
    number = np.concatenate([own, moved])
    region = np.concatenate(
        [np.arange(scale.regions), np.repeat(np.arange(scale.regions), count - 1)]
    )
    turn = np.concatenate([np.zeros(scale.regions, int), *(np.arange(1, n) for n in count)])
    step = rng.integers(*_STEP, scale.regions)
    first = places.start[gene] + np.where(promoter, _PROMOTER_FROM, _BODY_FROM)
    position = first[region] + turn * step[region]
    order = np.argsort(number)
    names = np.array(list(SHARES), dtype="U16")
    effect = names[np.arange(scale.regions) // 2 % len(names)]
    size = rng.uniform(*_SIZE, scale.regions)
    if not effects:
        effect = np.full_like(effect, "none")
    planted = Planted(effect, shift_of(effect, size))
    return Regions(gene, promoter, planted, number[order], region[order], position[order])


def with_regions(probes: Probes, regions: Regions) -> Probes:
    """Move the CpGs of regions among the probes of a block to their gene, with their change."""
    here = np.isin(regions.number, probes.number)
    rows, of = regions.number[here] - probes.number[0], regions.region[here]
    gene, promoter, state = probes.gene.copy(), probes.promoter.copy(), probes.state.copy()
    effect, shift = probes.planted.effect.copy(), probes.planted.shift.copy()
    gene[rows], promoter[rows] = regions.gene[of], regions.promoter[of]
    effect[rows], shift[rows] = regions.planted.effect[of], regions.planted.shift[of]
    state[rows] = STATES.index("half")
    moved = np.zeros(len(gene), dtype=np.int64)
    moved[rows] = regions.position[here]
    return replace(
        probes,
        gene=gene,
        promoter=promoter,
        state=state,
        planted=Planted(effect, shift),
        moved=moved,
    )


def region_truth(
    regions: Regions, scale: Scale, genes: Planted, places: Places, gene_name: Text
) -> pl.DataFrame:
    """Return every region that changes: where, how many CpGs, and the true value of contrasts.

    Promoters of genes that change are among them where they have enough CpGs.
    """
    n_promoter = np.bincount(
        np.arange((scale.probes + 1) // 2) % scale.genes, minlength=scale.genes
    )
    whole = np.flatnonzero((n_promoter >= _FEWEST) & (genes.effect != "none"))
    followed = follow_in_probes(genes, whole, np.ones(len(whole), bool))
    start, end = (places.start[whole] + base for base in _PROMOTER)
    promoters = _rows(whole, start, end, n_promoter[whole], followed, places, gene_name)
    planted = np.flatnonzero(regions.planted.effect != "none")
    inside = [regions.position[regions.region == r] for r in planted]
    lowest, highest = (np.array([f(p) for p in inside], dtype=int) for f in (np.min, np.max))
    part = Planted(regions.planted.effect[planted], regions.planted.shift[planted])
    count = np.array([len(p) for p in inside], dtype=int)
    moved = _rows(regions.gene[planted], lowest, highest, count, part, places, gene_name)
    return pl.concat([promoters, moved])


def _rows(
    gene: Ints, start: Ints, end: Ints, count: Ints, planted: Planted, places: Places, name: Text
) -> pl.DataFrame:
    true = {c: np.round(planted.contrast(c), 4) + 0.0 for c in CONTRASTS}
    places_of = {"chromosome": places.chromosome[gene], "start": start, "end": end}
    what = {"n_probes": count, "gene_name": name[gene], "effect": planted.effect}
    return pl.DataFrame({**places_of, **what, **true})
