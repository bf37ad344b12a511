"""DIAMOnD against a slow version in exact fractions, and where the published program ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.stats.network.diamond import diamond
from analyses.stats.network.graph import make_graph
from tests.support.naive_network import naive_diamond, random_graph


@settings(max_examples=40)
@given(
    st.integers(0, 10_000), st.integers(6, 24), st.floats(1, 4), st.integers(1, 5),
    st.sampled_from([1, 2, 10]), st.sampled_from(["fixed", "paper"]),
)  # fmt: skip
def test_equals_the_slow_version(
    number: int, n_nodes: int, density: float, n_seeds: int, weight: int, mode: str
) -> None:
    rng = np.random.default_rng(number)
    graph = random_graph(rng, n_nodes, int(n_nodes * density))
    seeds = rng.choice(n_nodes, n_seeds, replace=False)
    expected = naive_diamond(graph, seeds.tolist(), 8, weight, mode)
    found = diamond(graph, seeds, 8, weight, mode)
    assert found.nodes.tolist() == [row[0] for row in expected]
    assert found.weighted_links.tolist() == [row[1] for row in expected]
    assert found.weighted_module_links.tolist() == [row[2] for row in expected]
    np.testing.assert_allclose(found.p_value, [float(row[3]) for row in expected], 1e-10)
    assert found.n_tied.tolist() == [row[4] for row in expected]
    inside = set(seeds.tolist())
    for node, k, kb in zip(found.nodes, found.n_links, found.n_module_links, strict=True):
        near = graph.neighbours_of(node)
        assert (k, kb) == (len(near), sum(i in inside for i in near.tolist()))
        inside.add(int(node))


@pytest.mark.parametrize("ends", [0.0213, 0.1037, 0.2891])
def test_all_that_numbers_do_not_hold_tie(ends: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if numbers ended at `ends`, near which bounds alone do not tell what is below."""
    monkeypatch.setattr("analyses.stats.network.diamond._PROGRAM_ENDS", np.log(ends))
    for number in range(12):
        rng = np.random.default_rng(number)
        graph, seeds = random_graph(rng, 30, 80), rng.choice(30, 4, replace=False)
        expected = naive_diamond(graph, seeds.tolist(), 6, 1, "paper", zero_below=ends)
        found = diamond(graph, seeds, 6, mode="paper")
        assert found.nodes.tolist() == [row[0] for row in expected]
        assert found.n_tied.tolist() == [row[4] for row in expected]


def star(n_nodes: int, seeds: range, linked: dict[int, int]) -> tuple:
    """Some nodes, each linked to so many of the seeds and to nothing else."""
    pairs = [(node, seed) for node, n in linked.items() for seed in list(seeds)[:n]]
    first, second = np.array(pairs).T
    return make_graph(first, second, n_nodes), np.array(seeds)


def test_p_is_never_zero_when_fixed() -> None:
    """P of both is below the smallest number: only its logarithm tells them apart."""
    graph, seeds = star(20_000, range(100, 500), {3: 300, 7: 400})
    found = diamond(graph, seeds, 2)
    assert found.nodes.tolist() == [7, 3]
    assert found.n_tied.tolist() == [1, 1]
    assert (found.p_value > 0).all()
    assert found.log10_p[0] < found.log10_p[1] < -400


def test_the_program_cannot_tell_what_its_numbers_do_not_hold() -> None:
    graph, seeds = star(20_000, range(100, 500), {3: 300, 7: 400, 9: 1})
    found = diamond(graph, seeds, 3, mode="paper")
    assert found.nodes.tolist() == [3, 7, 9]
    assert found.n_tied.tolist() == [2, 1, 1]
    assert found.p_value[:2].tolist() == [0.0, 0.0]
    assert found.log10_p[0] == -np.inf
    assert found.p_value[2] > 0.01


def test_links_to_seeds_weigh_and_links_to_added_nodes_do_not() -> None:
    """Of two nodes with as many links, the one next to seeds comes first once these weigh."""
    # 0, 1 seeds; 2 is next to both and comes first; then 3 (next to 2) or 4 (next to seed 0)
    ends = np.array([(0, 2), (1, 2), (2, 3), (0, 4), (3, 5), (4, 6)])
    graph = make_graph(ends[:, 0], ends[:, 1], 30)
    plain, heavy = (diamond(graph, np.array([0, 1]), 2, weight) for weight in (1, 10))
    assert plain.nodes.tolist() == [2, 3]
    assert plain.n_tied.tolist() == [1, 2]
    assert heavy.nodes.tolist() == [2, 4]
    assert heavy.weighted_module_links.tolist() == [20, 10]
    assert heavy.n_module_links.tolist() == [2, 1]


def test_stops_when_nothing_is_linked_any_more() -> None:
    ends = np.array([(0, 1), (1, 2), (3, 4)])
    graph = make_graph(ends[:, 0], ends[:, 1], 6)
    assert sorted(diamond(graph, np.array([0]), 200).nodes.tolist()) == [1, 2]
    lonely = diamond(graph, np.array([5]), 200)
    assert [len(column) for column in vars(lonely).values()] == [0] * 8


@pytest.mark.parametrize(
    ("seeds", "weight", "degree", "said"),
    [
        ([], 1, None, "seeds"),
        ([0, 0], 1, None, "seeds"),
        ([0], 0, None, "weight"),
        ([0], 10**7, None, "weight"),
        ([0], 1, [0, 2, 1], "degree"),
        ([0], 1, [3, 2, 1], "degree"),
    ],
)
def test_refuses_what_gives_wrong_numbers(
    seeds: list[int], weight: int, degree: list[int] | None, said: str
) -> None:
    graph = make_graph(np.array([0, 1]), np.array([1, 2]), 3)
    with pytest.raises(ValueError, match=said):
        diamond(
            graph, np.array(seeds, int), 1, weight,
            degree=None if degree is None else np.array(degree),
        )  # fmt: skip
