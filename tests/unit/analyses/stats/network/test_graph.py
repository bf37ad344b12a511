"""Networks as arrays, against walking from node to node."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.network import graph as graph_module
from analyses.stats.network.graph import (
    component_labels,
    in_largest_component,
    largest_component_sizes,
    make_graph,
)
from tests.support.naive_network import components, neighbours, random_graph


def test_neighbours_and_degrees() -> None:
    graph = make_graph(np.array([3, 0, 2]), np.array([0, 1, 0]), 5)
    assert neighbours(graph) == [{1, 2, 3}, {0}, {0}, {0}, set()]
    assert graph.neighbours_of(0).tolist() == [1, 2, 3]
    assert graph.degree.tolist() == [3, 1, 1, 1, 0]
    assert (graph.n_nodes, graph.n_edges) == (5, 3)


@pytest.mark.parametrize(("first", "second"), [([0, 1], [1, 0]), ([0, 0], [1, 1]), ([2], [2])])
def test_refuses_edges_that_stand_twice_and_self_loops(first: list[int], second: list[int]) -> None:
    with pytest.raises(ValueError, match="an edge"):
        make_graph(np.array(first), np.array(second), 3)


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(0, 60), st.integers(1, 6))
def test_components_are_those_of_walking(
    number: int, n_nodes: int, n_edges: int, n_sets: int
) -> None:
    rng = np.random.default_rng(number)
    graph = random_graph(rng, n_nodes, n_edges)
    size = int(rng.integers(1, n_nodes + 1))
    sets = np.array([rng.choice(n_nodes, size, replace=False) for _ in range(n_sets)])
    labels, sizes = component_labels(graph, sets), largest_component_sizes(graph, sets)
    for members, own_labels, largest in zip(sets, labels, sizes, strict=True):
        expected = components(graph, members.tolist())
        found = {frozenset(members[own_labels == i].tolist()) for i in own_labels}
        assert found == {frozenset(c) for c in expected}
        assert largest == max(map(len, expected))
        first = next(
            m for m in members.tolist() if any(m in c and len(c) == largest for c in expected)
        )
        chosen = next(c for c in expected if first in c)
        inside = in_largest_component(graph, members)
        assert set(members[inside].tolist()) == chosen


def test_sets_in_blocks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 60, 90)
    sets = np.array([rng.choice(60, 20, replace=False) for _ in range(11)])
    at_once = largest_component_sizes(graph, sets)
    monkeypatch.setattr(graph_module, "_BLOCK", 250)
    np.testing.assert_array_equal(largest_component_sizes(graph, sets), at_once)


def test_no_members_no_component() -> None:
    graph = make_graph(np.array([0]), np.array([1]), 2)
    assert in_largest_component(graph, np.zeros(0, int)).tolist() == []
