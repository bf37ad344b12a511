"""Slow and obvious versions of what the network code does."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from analyses.stats.network.graph import Graph, make_graph


def random_graph(rng: np.random.Generator, n_nodes: int, n_edges: int) -> Graph:
    pairs = [(a, b) for a in range(n_nodes) for b in range(a + 1, n_nodes)]
    chosen = rng.choice(len(pairs), min(n_edges, len(pairs)), replace=False)
    ends = np.array([pairs[i] for i in chosen], np.int64).reshape(-1, 2)
    return make_graph(ends[:, 0], ends[:, 1], n_nodes)


def neighbours(graph: Graph) -> list[set[int]]:
    return [{int(i) for i in graph.neighbours_of(node)} for node in range(graph.n_nodes)]


def components(graph: Graph, members: list[int]) -> list[set[int]]:
    """Connected components among some nodes, found by walking."""
    near, left, out = neighbours(graph), set(members), []
    while left:
        walked, waiting = set(), [min(left)]
        while waiting:
            node = waiting.pop()
            if node not in walked:
                walked.add(node)
                waiting += near[node] & left
        left -= walked
        out.append(walked)
    return out


def tail(kb: int, k: int, size: int, total: int) -> Fraction:
    """P(X >= kb) as an exact fraction; 0 where kb is above the module's size."""
    if kb > size:
        return Fraction(0)
    ways = sum(
        math.comb(size, x) * math.comb(total - size, k - x) for x in range(kb, min(k, size) + 1)
    )
    return Fraction(ways, math.comb(total, k))


def naive_diamond(
    graph: Graph, seeds: list[int], n_added: int, a: int, mode: str, zero_below: float = 0.0
) -> list[tuple[int, int, int, Fraction, int]]:
    """Node, k, kb, P and ties of each step, straight from the formulas."""
    near, module, rows = neighbours(graph), list(seeds), []
    more = (a - 1) * len(seeds)
    total = graph.n_nodes + (more if mode == "fixed" else a * more)
    while len(rows) < n_added:
        options = []
        for node in sorted(set().union(*(near[m] for m in module)) - set(module)):
            links = len(near[node] & set(module))
            if mode == "fixed":
                size, extra = len(module) + more, (a - 1) * len(near[node] & set(seeds))
            else:
                size, extra = len(module) + (0 if rows else more), (a - 1) * links
            k, kb = len(near[node]) + extra, links + extra
            p = tail(kb, k, size, total)
            options.append((p if p >= zero_below else Fraction(0), node, k, kb))
        if not options:
            break
        p, node, k, kb = min(options)
        rows.append((node, k, kb, p, sum(option[0] == p for option in options)))
        module.append(node)
    return rows
