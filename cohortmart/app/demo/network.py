"""The synthetic network of interactions, with a neighbourhood that holds what was planted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.people import Text
from cohortmart.app.demo.scale import Scale, stream
from cohortmart.core.types import Bools, Floats, Ints

_LINKS = 8  # of a gene, on average, outside the neighbourhood
_TAIL = 1.5  # degrees k have density k^-(1 + _TAIL)
_LARGEST = 40.0  # propensity of the largest hub, where the smallest gene has 1
#: The same of genes that rebound: hubs hold any genes together, and would hide what was planted.
_LARGEST_OF_REBOUND = 3.0
_SHARE_OF_REBOUND = 0.8  # of the genes that rebound, in either group
_SHARE_HIDDEN = 0.015  # of all genes: in the neighbourhood without any effect
_LINKS_INSIDE = 4  # of a member with other members, on average, beyond those that connect them


@dataclass(frozen=True)
class Network:
    """Undirected interactions.

    Parameters
    ----------
    edges : array of int, shape (n_edges, 2)
        Indices of genes, the smaller first; each pair once, ascending.
    members : array of int
        Genes of the connected neighbourhood, ascending: many that rebound, and a few without any
        effect (hidden), which only their links give away.
    """

    edges: Ints
    members: Ints


def make_network(seed: int, scale: Scale, planted: Planted) -> Network:
    """Draw a network with heavy-tailed degrees (Chung & Lu 2002) and one neighbourhood.

    Parameters
    ----------
    seed : int
        Seed of the study.
    scale : Scale
        For the number of genes.
    planted : Planted
        Effects of the genes.
    """
    rng = stream(seed, "network")
    everyone = np.arange(scale.genes)
    largest = np.where(_rebounds(planted), _LARGEST_OF_REBOUND, _LARGEST)
    propensity = np.minimum(rng.random(scale.genes) ** (-1 / _TAIL), largest)
    members = _members(rng, scale, planted)
    # a tree keeps the neighbourhood together: each member is linked to one before it
    order = rng.permutation(members)
    before = (rng.random(len(order) - 1) * np.arange(1, len(order))).astype(np.int64)
    edges = np.concatenate(
        [
            _random_edges(rng, everyone, propensity, scale.genes * _LINKS // 2),
            _random_edges(rng, members, propensity, len(members) * _LINKS_INSIDE // 2),
            np.column_stack([order[1:], order[before]]),
        ]
    )
    edges = np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1)
    return Network(np.unique(edges, axis=0), members)


def _rebounds(planted: Planted) -> Bools:
    return np.char.find(planted.effect, "rebound") >= 0


def _members(rng: np.random.Generator, scale: Scale, planted: Planted) -> Ints:
    rebound = np.flatnonzero(_rebounds(planted))
    without = np.flatnonzero(planted.effect == "none")
    chosen = rng.choice(rebound, round(_SHARE_OF_REBOUND * len(rebound)), replace=False)
    hidden = rng.choice(without, round(_SHARE_HIDDEN * scale.genes), replace=False)
    return np.sort(np.concatenate([chosen, hidden]))


def _random_edges(rng: np.random.Generator, genes: Ints, propensity: Floats, n_edges: int) -> Ints:
    """Draw both ends of each edge in proportion to the genes' propensity."""
    share = propensity[genes] / propensity[genes].sum()
    return rng.choice(genes, (n_edges, 2), p=share)


def network_text(network: Network, gene_name: Text) -> bytes:
    """Return the edges as text, two genes a line.

    Parameters
    ----------
    network : Network
    gene_name : array of str, shape (n_genes,)
        Names of all genes.
    """
    lines = ("\t".join(pair) for pair in gene_name[network.edges])
    return ("gene_a\tgene_b\n" + "\n".join(lines) + "\n").encode()
