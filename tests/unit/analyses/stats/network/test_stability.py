"""How much of a module comes back without a tenth of its seeds."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.network.diamond import diamond
from analyses.stats.network.graph import Graph, make_graph
from analyses.stats.network.stability import stability


def pairs_of(n: int) -> Graph:
    """n seeds (0 to n - 1), each with one neighbour of its own."""
    return make_graph(np.arange(n), np.arange(n) + n, 3 * n)


@pytest.mark.parametrize(("n_seeds", "left_out"), [(4, 1), (10, 1), (25, 2)])
def test_a_tenth_is_left_out(n_seeds: int, left_out: int) -> None:
    """A neighbour comes back exactly when its seed is kept."""
    graph, seeds = pairs_of(n_seeds), np.arange(n_seeds)
    added = diamond(graph, seeds, n_seeds).nodes
    found = stability(graph, seeds, added, 15, seed=1)
    assert found.mean == pytest.approx(1 - left_out / n_seeds)
    assert found.share.mean() == pytest.approx(found.mean)
    assert len(np.unique(found.share)) > 1  # not the same seeds every time
    assert found.n_runs == 15


def test_what_hangs_on_many_seeds_comes_back_and_what_hangs_on_one_may_not() -> None:
    # 0 is next to all of ten seeds, 1 to the first alone
    seeds = np.arange(10, 20)
    ends = [(seed, 0) for seed in seeds] + [(10, 1)]
    graph = make_graph(*np.array(ends).T, 60)
    added = diamond(graph, seeds, 2).nodes
    found = stability(graph, seeds, added, 50, seed=3)
    assert added.tolist() == [0, 1]
    assert found.share[0] == 1
    assert 0.7 < found.share[1] < 1


def test_runs_use_the_weight_and_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def noted(*arguments, **named):
        asked.append(arguments[2:])
        return diamond(*arguments, **named)

    monkeypatch.setattr("analyses.stats.network.stability.diamond", noted)
    graph = pairs_of(5)
    stability(graph, np.arange(5), np.array([5, 6]), 2, 1, seed_weight=10, mode="paper")
    assert asked == [(2, 10, "paper")] * 2


def test_the_same_seed_gives_the_same_shares() -> None:
    graph, seeds = pairs_of(10), np.arange(10)
    added = diamond(graph, seeds, 10).nodes
    first, again, other = (stability(graph, seeds, added, 10, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.share, again.share)
    assert (first.share != other.share).any()


@pytest.mark.parametrize(("n_seeds", "n_added", "n_runs"), [(1, 1, 20), (3, 0, 20), (3, 3, 0)])
def test_nothing_to_repeat(n_seeds: int, n_added: int, n_runs: int) -> None:
    added = np.arange(n_added) + n_seeds
    found = stability(pairs_of(n_seeds), np.arange(n_seeds), added, n_runs, seed=1)
    assert found.n_runs == 0
    assert len(found.share) == n_added
    assert np.isnan([found.mean, *found.share]).all()
