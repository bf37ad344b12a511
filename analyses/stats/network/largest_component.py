"""Largest connected component of seeds, compared with nodes of the same degrees.

Menche et al. 2015, Science 347:1257601, doi 10.1126/science.1257601; degree bins as in
Guney et al. 2016, Nat Commun 7:10331, doi 10.1038/ncomms10331.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.network.graph import Graph, largest_component_sizes
from cohortmart.core.types import Ints

#: A bin of degrees has at least so many nodes to draw from.
BIN_SIZE = 100


@dataclass(frozen=True, eq=False)
class LargestComponent:
    """Size of the largest connected component of some nodes beside that of random sets.

    Parameters
    ----------
    size : int
        Nodes in it.
    random : ndarray of int, shape (n_random,)
        The same of each random set.
    mean, sd, z, p_value : float
        Of the random sets (sd over n - 1); z = (size - mean) / sd; p = (1 + sets at least as
        large) / (1 + sets). NaN without random sets; z and sd also where they do not vary.
    """

    size: int
    random: Ints
    mean: float
    sd: float
    z: float
    p_value: float


def largest_component(graph: Graph, seeds: Ints, n_random: int, seed: int) -> LargestComponent:
    """Test whether seeds form a larger connected component than nodes of the same degrees.

    Only for the seeds, which were found without the network. The nodes that DIAMOnD adds are
    chosen for their links to the module: that a module hangs together was put in, and a test of
    it would find every module connected.

    Parameters
    ----------
    seeds : ndarray of int, shape (n_seeds,)
        Nodes, each once.
    n_random : int
        Random sets. Each has as many nodes of every bin of degrees as the seeds, none twice.
    seed : int
        Of the random numbers.
    """
    size = int(largest_component_sizes(graph, seeds[None])[0])
    sets = random_sets(graph.degree, seeds, n_random, np.random.default_rng(seed))
    random = largest_component_sizes(graph, sets)
    if n_random == 0:
        return LargestComponent(size, random, np.nan, np.nan, np.nan, np.nan)
    mean = float(random.mean())
    sd = float(random.std(ddof=1)) if n_random > 1 else np.nan
    z = (size - mean) / sd if sd > 0 else np.nan
    p_value = (1 + int((random >= size).sum())) / (1 + n_random)
    return LargestComponent(size, random, mean, sd, z, p_value)


def degree_bins(degree: Ints) -> Ints:
    """Put nodes into bins of neighbouring degrees, each of `BIN_SIZE` nodes or more.

    Nodes of one degree stay together; what is left over at the top joins the last bin.

    Parameters
    ----------
    degree : ndarray of int, shape (n_nodes,)

    Returns
    -------
    ndarray of int, shape (n_nodes,)
        Number of the bin of each node, from 0.
    """
    degrees, of_node, n = np.unique(degree, return_inverse=True, return_counts=True)
    bins = np.zeros(len(degrees), np.int64)
    current, filled = 0, 0
    for i in range(len(degrees)):
        if filled >= BIN_SIZE and n[i:].sum() >= BIN_SIZE:
            current, filled = current + 1, 0
        bins[i] = current
        filled += int(n[i])
    return bins[of_node]


def random_sets(degree: Ints, seeds: Ints, n_sets: int, rng: np.random.Generator) -> Ints:
    """Draw sets of nodes with as many of each bin of degrees as the seeds.

    Parameters
    ----------
    degree : ndarray of int, shape (n_nodes,)
    seeds : ndarray of int, shape (n_seeds,)

    Returns
    -------
    ndarray of int, shape (n_sets, n_seeds)
        Each row without repetition.
    """
    bins = degree_bins(degree)
    chosen = []
    for number in np.unique(bins[seeds]):
        nodes = np.flatnonzero(bins == number)
        wanted = int((bins[seeds] == number).sum())
        shuffled = rng.permuted(np.broadcast_to(nodes, (n_sets, len(nodes))), axis=1)
        chosen.append(shuffled[:, :wanted])
    return np.hstack(chosen)
