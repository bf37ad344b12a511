"""Gene sets and disease genes of the synthetic study, some of them full of what was planted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.people import Text
from cohortmart.app.demo.scale import Scale, stream
from cohortmart.core.types import Ints

#: Name of the list of disease genes in study.yml.
DISEASE = "disease genes"
_SETS = 60
_SIZES = (15, 120)  # genes of a set
#: The planted sets by their number, and how many of their genes have an effect; as many have none.
_PLANTED: dict[int, tuple[str, dict[tuple[str, ...], int]]] = {
    7: ("up-down", {("rebound_up",): 30}),
    23: ("down-up", {("rebound_down",): 30}),
    41: ("mixed", {("rebound_up",): 15, ("rebound_down",): 15}),
}
#: Genes of the disease by effect: what rebounds in MS only, in both groups, and all others.
_DISEASE_GENES = {
    ("ms_rebound_up", "ms_rebound_down"): 40,
    ("rebound_up", "rebound_down"): 20,
    ("none", "group_up", "group_down"): 40,
}


@dataclass(frozen=True)
class GeneSet:
    """A named set of genes.

    Parameters
    ----------
    name : str
    planted : str
        `up-down`, `down-up`, `mixed` or `disease` where many of its genes rebound, else `none`.
    genes : array of int
        Indices of its genes, each once, ascending.
    """

    name: str
    planted: str
    genes: Ints


def make_gene_sets(seed: int, scale: Scale, planted: Planted) -> tuple[GeneSet, ...]:
    """Draw `DEMO_SET_01`, ...: most at random from all genes, three full of rebound genes.

    Parameters
    ----------
    seed : int
        Seed of the study.
    scale : Scale
        For the number of genes.
    planted : Planted
        Effects of the genes.
    """
    rng = stream(seed, "gene sets")
    sets = []
    for number in range(1, _SETS + 1):
        kind, effects = _PLANTED.get(number, ("none", {}))
        if effects:
            genes = _drawn(rng, planted, {**effects, ("none",): sum(effects.values())})
        else:
            size = min(int(rng.integers(*_SIZES, endpoint=True)), scale.genes)
            genes = np.sort(rng.choice(scale.genes, size, replace=False))
        sets.append(GeneSet(f"DEMO_SET_{number:02d}", kind, genes))
    return tuple(sets)


def make_disease_genes(seed: int, planted: Planted) -> GeneSet:
    """Draw the genes of the disease: more of those that rebound in MS than of others.

    Parameters
    ----------
    seed : int
        Seed of the study.
    planted : Planted
        Effects of the genes.
    """
    genes = _drawn(stream(seed, "disease genes"), planted, _DISEASE_GENES)
    return GeneSet(DISEASE, "disease", genes)


def _drawn(rng: np.random.Generator, planted: Planted, wanted: dict[tuple[str, ...], int]) -> Ints:
    """Draw so many genes of each of the effects; all of them where there are fewer."""
    parts = []
    for effects, size in wanted.items():
        having = np.flatnonzero(np.isin(planted.effect, effects))
        parts.append(rng.choice(having, min(size, len(having)), replace=False))
    return np.sort(np.concatenate(parts))


def gmt_text(sets: tuple[GeneSet, ...], gene_name: Text) -> bytes:
    """Return the sets as a GMT file: name, description, genes.

    Parameters
    ----------
    sets : tuple of GeneSet
    gene_name : array of str, shape (n_genes,)
        Names of all genes.
    """
    rows = ("\t".join([s.name, "synthetic set", *gene_name[s.genes]]) for s in sets)
    return ("\n".join(rows) + "\n").encode()
