"""Stability of a disease module: how much of it hangs on single seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.network.diamond import Mode, diamond
from analyses.stats.network.graph import Graph
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Stability:
    """Which added nodes come back when a tenth of the seeds is left out.

    Parameters
    ----------
    share : ndarray of float, shape (n_added,)
        Share of the runs that add the node again.
    mean : float
        Mean of these: the share of the added nodes that an average run adds again.
    n_runs : int
        0 where fewer than two seeds, or no added node, leave nothing to repeat; then `share` and
        `mean` are NaN.
    """

    share: Floats
    mean: float
    n_runs: int


def stability(
    graph: Graph,
    seeds: Ints,
    added: Ints,
    n_runs: int,
    seed: int,
    seed_weight: int = 1,
    mode: Mode = "fixed",
) -> Stability:
    """Grow a module again and again without a random tenth of its seeds.

    Parameters
    ----------
    seeds, added : ndarray of int
        The module: its seeds, and the nodes that `diamond` added to them; each run adds as many.
    seed : int
        Of the random numbers.
    seed_weight, mode
        As given to `diamond`.
    """
    if n_runs == 0 or len(seeds) < 2 or len(added) == 0:
        return Stability(np.full(len(added), np.nan), np.nan, 0)
    rng = np.random.default_rng(seed)
    n_kept = len(seeds) - max(1, round(len(seeds) / 10))
    times = np.zeros(graph.n_nodes, np.int64)
    for _ in range(n_runs):
        kept = rng.choice(seeds, n_kept, replace=False)
        times[diamond(graph, kept, len(added), seed_weight, mode).nodes] += 1
    share = times[added] / n_runs
    return Stability(share, float(share.mean()), n_runs)
