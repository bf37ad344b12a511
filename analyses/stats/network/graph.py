"""An undirected network as arrays: neighbours, degrees and connected components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from cohortmart.core.types import Bools, Ints

#: Links looked at in one go.
_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected network without self loops, each edge once; nodes are numbered from 0.

    Parameters
    ----------
    indptr : ndarray of int, shape (n_nodes + 1,)
        Where the neighbours of each node start.
    neighbours : ndarray of int, shape (2 * n_edges,)
        Neighbours of all nodes, one node after the other, ascending within a node.
    """

    indptr: Ints
    neighbours: Ints

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.neighbours) // 2

    @property
    def degree(self) -> Ints:
        """Number of neighbours of each node."""
        return np.diff(self.indptr)

    def neighbours_of(self, node: int) -> Ints:
        """Return the neighbours of one node, ascending."""
        return self.neighbours[self.indptr[node] : self.indptr[node + 1]]


def make_graph(first: Ints, second: Ints, n_nodes: int) -> Graph:
    """Make a network from the two ends of its edges.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_edges,)
        Nodes from 0 to `n_nodes` - 1, in either order.

    Raises
    ------
    ValueError
        An edge twice, a node with itself, or a number that is no node.
    """
    if np.any(first == second):
        raise ValueError("an edge of a node with itself")
    both = (np.concatenate([first, second]), np.concatenate([second, first]))
    links = csr_array(coo_array((np.ones(len(both[0]), np.int64), both), (n_nodes, n_nodes)))
    links.sum_duplicates()  # sorts the neighbours, too
    if links.nnz != len(both[0]):
        raise ValueError("an edge that stands twice")
    return Graph(links.indptr.astype(np.int64), links.indices.astype(np.int64))


def component_labels(graph: Graph, sets: Ints) -> Ints:
    """Return which connected component each node of a set is in, other nodes left out.

    Parameters
    ----------
    sets : ndarray of int, shape (n_sets, n_members)
        Sets of nodes, each node once a set.

    Returns
    -------
    ndarray of int, shape (n_sets, n_members)
        Numbers of components, from 0; no two sets share one.
    """
    n_sets, n = sets.shape
    # all sets at once, as one network of copies of their nodes
    copy = np.full((n_sets, graph.n_nodes), -1)
    copy[np.arange(n_sets)[:, None], sets] = np.arange(sets.size).reshape(sets.shape)
    nodes = sets.ravel()
    degree = np.diff(graph.indptr)[nodes]
    here = np.repeat(np.arange(sets.size), degree)
    within = np.arange(len(here)) - np.repeat(np.cumsum(degree) - degree, degree)
    near = graph.neighbours[graph.indptr[nodes][here] + within]
    there = copy[here // n, near]
    kept = there > here  # in the same set, and each edge once
    ends = (here[kept], there[kept])
    links = coo_array((np.ones(len(ends[0]), np.int8), ends), (sets.size, sets.size))
    labels = connected_components(links, directed=False)[1]
    return np.asarray(labels.reshape(sets.shape), np.int64)


def in_largest_component(graph: Graph, members: Ints) -> Bools:
    """Say which nodes are in the largest connected component that they form among themselves.

    Of components of the same size, the one with the first of the members counts.

    Parameters
    ----------
    members : ndarray of int, shape (n_members,)
        Nodes, each once.

    Returns
    -------
    ndarray of bool, shape (n_members,)
    """
    if len(members) == 0:
        return np.zeros(0, bool)
    labels = component_labels(graph, members[None])[0]
    size = np.bincount(labels)[labels]
    return np.asarray(labels == labels[np.argmax(size)])


def largest_component_sizes(graph: Graph, sets: Ints) -> Ints:
    """Return the number of nodes in the largest connected component of each set.

    Parameters
    ----------
    sets : ndarray of int, shape (n_sets, n_members)
        Sets of nodes, at least one a set and each once.

    Returns
    -------
    ndarray of int, shape (n_sets,)
    """
    sizes = np.zeros(len(sets), np.int64)
    links = np.diff(graph.indptr)[sets].sum(axis=1, initial=graph.n_nodes)
    step = max(1, int(_BLOCK // links.max(initial=1)))
    for start in range(0, len(sets), step):
        labels = component_labels(graph, sets[start : start + step])
        sizes[start : start + step] = np.bincount(labels.ravel())[labels].max(axis=1)
    return sizes
