"""Disease modules by DIAMOnD: the node whose links into the module are least likely by chance.

Ghiassian, Menche & Barabasi 2015, PLoS Comput Biol 11:e1004120, doi 10.1371/journal.pcbi.1004120.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analyses.stats.lists.hypergeometric import log_tail_bounds, log_upper_tail
from analyses.stats.network.graph import Graph
from cohortmart.core.types import Bools, Floats, Ints

Mode = Literal["fixed", "paper"]

#: P values this near to each other, as a share, are the same but for rounding.
_SAME = 1e-10
#: The program's P is 0 below, where its numbers end: half of the smallest one, as a logarithm.
_PROGRAM_ENDS = -1075 * float(np.log(2))
#: Weights up to here leave all counts exact as 64-bit numbers.
_LARGEST_WEIGHT = 1_000_000


@dataclass(frozen=True, eq=False)
class Diamond:
    """The nodes that were added to a module, in their order.

    Parameters
    ----------
    nodes : ndarray of int, shape (n_added,)
    n_links, n_module_links : ndarray of int, shape (n_added,)
        Degree, and links into the module when it was added.
    weighted_links, weighted_module_links : ndarray of int, shape (n_added,)
        The same as the test counts them, with the weight of the seeds.
    p_value : ndarray of float, shape (n_added,)
        The smallest P at that step. In mode `fixed` never 0: at least the smallest number above 0.
    log10_p : ndarray of float, shape (n_added,)
        Its logarithm; -inf where the program's P is exactly 0 (mode `paper`).
    n_tied : ndarray of int, shape (n_added,)
        Candidates with that P, the added one among them.
    """

    nodes: Ints
    n_links: Ints
    n_module_links: Ints
    weighted_links: Ints
    weighted_module_links: Ints
    p_value: Floats
    log10_p: Floats
    n_tied: Ints


@dataclass(frozen=True)
class _Weights:
    """How the weight a of n seeds enters the counts.

    Parameters
    ----------
    total, first_size, later_size : int
        Nodes; the module's size in the first step; what is added to it in the later ones.
    links, module_links : int
        What one more link into the module adds to k and kb.
    """

    total: int
    first_size: int
    later_size: int
    links: int
    module_links: int


class _Degrees:
    """The distinct k, ascending, and which of them each node has."""

    def __init__(self, k: Ints) -> None:
        distinct, self.number = np.unique(k, return_inverse=True)
        self.k = distinct.astype(float)


def diamond(
    graph: Graph,
    seeds: Ints,
    n_added: int,
    seed_weight: int = 1,
    mode: Mode = "fixed",
    degree: Ints | None = None,
) -> Diamond:
    """Grow a module from its seeds, one node a step.

    At each step, a node outside with k links, kb of them into the module, has
    P = P(X >= kb), X hypergeometric: k drawn of N nodes, s of which are the module. The smallest
    P is added; of several with the same, the first node.

    Parameters
    ----------
    graph : Graph
        Nodes in the order of their names, so that ties are broken by name.
    seeds : ndarray of int, shape (n_seeds,)
        Nodes, each once.
    n_added : int
        Steps; fewer are made when no node outside is linked to the module any more.
    seed_weight : int
        a: each seed counts as a nodes, from 1 to 1,000,000.
    mode : {'fixed', 'paper'}
        `fixed`: at every step s = module + (a - 1) n_seeds, N = nodes + (a - 1) n_seeds, k and kb
        each more by (a - 1) times the links to seeds. `paper`: what the published program
        does. s = a n_seeds in the first step and the module's size afterwards,
        N = nodes + (a - 1) a n_seeds, kb = a times the links into the module and k more by
        (a - 1) times these, so that P is 0 as soon as kb is above s. It is 0 below 1e-323, too;
        but for that, both modes are the same at a = 1.
    degree : ndarray of int, shape (n_nodes,), optional
        Degrees to count with instead of the graph's: the program counts a self-interaction as two.

    Raises
    ------
    ValueError
        A seed twice or no seed, a weight out of range, or a degree that the graph cannot have.
    """
    links = graph.degree if degree is None else np.asarray(degree, np.int64)
    _refuse(graph, seeds, seed_weight, links)
    weights = _weights(graph.n_nodes, len(seeds), seed_weight, mode)
    inside = np.zeros(graph.n_nodes, bool)
    inside[seeds] = True
    seed_links = np.zeros(graph.n_nodes, np.int64)
    for seed in seeds:
        seed_links[graph.neighbours_of(seed)] += 1
    # both modes weight the links to seeds alike; they differ in the links to added nodes
    k = links + (seed_weight - 1) * seed_links
    kb = seed_weight * seed_links
    module_links = seed_links.copy()
    rows: list[tuple[int, int, int, int, int, float, int]] = []
    size, degrees = weights.first_size, _Degrees(k)
    zero_below = _PROGRAM_ENDS if mode == "paper" else -np.inf
    while len(rows) < n_added:
        candidates = np.flatnonzero((kb > 0) & ~inside)
        if len(candidates) == 0:
            break
        tied, log_p = _smallest_p(degrees, kb, candidates, size, weights.total, zero_below)
        node = int(tied[0])
        rows.append(
            (node, links[node], module_links[node], k[node], kb[node], log_p, len(tied))
        )  # fmt: skip
        inside[node] = True
        near = graph.neighbours_of(node)
        module_links[near] += 1
        kb[near] += weights.module_links
        if weights.links:
            k[near] += weights.links
            degrees = _Degrees(k)
        size = len(seeds) + len(rows) + weights.later_size
    return _record(rows, mode)


def _refuse(graph: Graph, seeds: Ints, seed_weight: int, links: Ints) -> None:
    """Raise ValueError for what would give wrong numbers."""
    if len(seeds) == 0 or len(np.unique(seeds)) != len(seeds):
        raise ValueError("seeds must be there, each once")
    if not 1 <= seed_weight <= _LARGEST_WEIGHT:
        raise ValueError(f"a seed weight of {seed_weight} is not in 1..{_LARGEST_WEIGHT}")
    if np.any(links < graph.degree) or np.any(links >= graph.n_nodes):
        raise ValueError("a degree below the number of neighbours, or of all nodes and more")


def _weights(n_nodes: int, n_seeds: int, a: int, mode: Mode) -> _Weights:
    more = (a - 1) * n_seeds
    if mode == "fixed":
        return _Weights(n_nodes + more, n_seeds + more, more, links=0, module_links=1)
    return _Weights(n_nodes + a * more, n_seeds + more, 0, links=a - 1, module_links=a)


def _smallest_p(
    degrees: _Degrees, kb: Ints, candidates: Ints, size: int, total: int, zero_below: float
) -> tuple[Ints, float]:
    """Return the candidates with the smallest P, and its natural logarithm.

    For the same k, P falls with kb: one tail a degree is enough. Bounds of one term each leave
    few of these to be summed.
    """
    links, of_degree = kb[candidates], degrees.number[candidates]
    most = np.zeros(len(degrees.k), np.int64)
    np.maximum.at(most, of_degree, links)
    there = np.flatnonzero(most)
    x, n = most[there].astype(float), degrees.k[there]
    lower, upper = log_tail_bounds(x, n, size, total)
    likely = np.flatnonzero(lower <= upper.min() + _SAME)
    log_p = log_upper_tail(x[likely], n[likely], size, total)
    smallest = float(log_p.min())
    if smallest < zero_below:
        x, n = links.astype(float), degrees.k[of_degree]
        return candidates[_is_below(zero_below, x, n, size, total)], -np.inf
    best = np.zeros(len(most), bool)
    best[there[likely[log_p <= smallest + _SAME]]] = True
    return candidates[best[of_degree] & (links == most[of_degree])], smallest


def _is_below(limit: float, x: Floats, n: Floats, size: int, total: int) -> Bools:
    """Say which log P are below a limit; only those are summed whose bounds do not tell."""
    lower, upper = log_tail_bounds(x, n, size, total)
    below = upper < limit
    unsure = np.flatnonzero((lower < limit) & ~below)
    below[unsure] = log_upper_tail(x[unsure], n[unsure], size, total) < limit
    return below


def _record(rows: list[tuple[int, int, int, int, int, float, int]], mode: Mode) -> Diamond:
    node, links, module_links, k, kb = (
        np.array([row[i] for row in rows], np.int64) for i in range(5)
    )
    log_p = np.array([row[5] for row in rows], float)
    p_value = np.exp(log_p)
    if mode == "fixed":
        p_value = np.maximum(p_value, np.nextafter(0.0, 1.0))
    n_tied = np.array([row[6] for row in rows], np.int64)
    return Diamond(node, links, module_links, k, kb, p_value, log_p / np.log(10), n_tied)
