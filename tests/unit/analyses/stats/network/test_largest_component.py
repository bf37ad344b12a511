"""The largest component of seeds: planted ones stand out, random ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.network.graph import Graph, in_largest_component, make_graph
from analyses.stats.network.largest_component import (
    BIN_SIZE,
    degree_bins,
    largest_component,
    random_sets,
)


@pytest.fixture(scope="module")
def network() -> Graph:
    """1,500 genes with few hubs; 1000 to 1039 form a chain besides."""
    rng = np.random.default_rng(11)
    share = 1 / np.arange(1, 1501) ** 0.6
    ends = rng.choice(1500, (4500, 2), p=share / share.sum())
    chain = np.column_stack([np.arange(1000, 1039), np.arange(1001, 1040)])
    ends = np.sort(np.vstack([ends, chain]), axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    return make_graph(ends[:, 0], ends[:, 1], 1500)


def test_seeds_that_lie_together_stand_out(network: Graph) -> None:
    found = largest_component(network, np.arange(1000, 1040), 400, seed=1)
    assert found.size == 40
    assert found.z > 5
    assert found.p_value == 1 / 401
    assert found.mean == pytest.approx(found.random.mean())
    assert found.sd == pytest.approx(np.sqrt(((found.random - found.mean) ** 2).sum() / 399))
    assert found.z == pytest.approx((40 - found.mean) / found.sd)


def test_random_seeds_do_not(network: Graph) -> None:
    """P of seeds without meaning is uniform, but for sets of the same size."""
    rng = np.random.default_rng(5)
    p = np.array(
        [
            largest_component(network, rng.choice(1500, 60, False), 99, seed).p_value
            for seed in range(60)
        ]
    )
    assert 0.4 < p.mean() < 0.7
    assert (p <= 0.05).sum() <= 8
    assert (p <= 0.5).sum() > 18


def test_random_sets_have_the_degrees_of_the_seeds(network: Graph) -> None:
    seeds = np.flatnonzero(network.degree > 12)[:50]
    bins = degree_bins(network.degree)
    sets = random_sets(network.degree, seeds, 30, np.random.default_rng(2))
    assert sets.shape == (30, 50)
    expected = np.bincount(bins[seeds], minlength=bins.max() + 1)
    for chosen in sets:
        assert len(set(chosen.tolist())) == 50
        found = np.bincount(bins[chosen], minlength=bins.max() + 1)
        np.testing.assert_array_equal(found, expected)
    assert len(np.unique(sets)) > 80  # and are not the same again and again


def test_bins_are_large_and_keep_degrees_together(network: Graph) -> None:
    bins = degree_bins(network.degree)
    assert np.bincount(bins).min() >= BIN_SIZE
    assert bins.max() >= 5
    order = np.argsort(network.degree, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
    for degree in np.unique(network.degree):
        assert len(np.unique(bins[network.degree == degree])) == 1
    assert degree_bins(np.array([5, 1, 2])).tolist() == [0, 0, 0]


def test_the_same_seed_gives_the_same_sets(network: Graph) -> None:
    seeds = np.arange(0, 1500, 30)
    first, again, other = (largest_component(network, seeds, 50, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.random, again.random)
    assert (first.random != other.random).any()
    assert first.size == in_largest_component(network, seeds).sum()


def test_p_counts_sets_that_are_as_large() -> None:
    """In a ring of four all pairs of neighbours have 2, other pairs 1."""
    ring = make_graph(np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0]), 4)
    found = largest_component(ring, np.array([0, 1]), 200, seed=1)
    assert found.p_value == (1 + (found.random == 2).sum()) / 201
    assert found.p_value == pytest.approx(4 / 6, abs=0.12)


def test_without_random_sets_or_variation_there_is_no_z() -> None:
    ring = make_graph(np.array([0, 1, 2]), np.array([1, 2, 0]), 3)
    none = largest_component(ring, np.array([0, 1]), 0, seed=1)
    assert none.size == 2
    assert np.isnan([none.mean, none.sd, none.z, none.p_value]).all()
    same = largest_component(ring, np.array([0, 1]), 20, seed=1)
    assert np.isnan(same.z)
    assert (same.sd, same.p_value) == (0.0, 1.0)
