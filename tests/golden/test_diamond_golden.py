"""Disease modules against the published program and references with ties broken by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.stats.lists.hypergeometric import log_upper_tail
from analyses.stats.network.diamond import Diamond, diamond
from analyses.stats.network.graph import Graph, make_graph

FOLDERS = (".", "no_self_interactions")
#: file -> seed weight, mode
REFERENCES = {
    "expected_alpha1_lexicographic.tsv": (1, "paper"),
    "expected_alpha10_lexicographic.tsv": (10, "paper"),
    "expected_alpha10_consistent_weights_lexicographic.tsv": (10, "fixed"),
}
PROGRAMS = {
    f"expected_alpha{weight}_program{year}.tsv": weight
    for weight in (1, 10)
    for year in (2015, 2020)
}


@dataclass(frozen=True)
class Example:
    graph: Graph
    names: list[str]
    seeds: np.ndarray
    degree: np.ndarray


@pytest.fixture(scope="module", params=FOLDERS)
def example(request: pytest.FixtureRequest, shared_data: Path) -> tuple[Path, Example]:
    """The published example; the one program counts a self-interaction as two links."""
    folder = shared_data / "diamond"
    rows = [line.split(",") for line in (folder / "edges.csv").read_text().split()]
    pairs = sorted({tuple(sorted(row)) for row in rows})
    names = sorted({name for pair in pairs for name in pair})
    number = {name: i for i, name in enumerate(names)}
    ends = np.array([(number[a], number[b]) for a, b in pairs if a != b])
    graph = make_graph(ends[:, 0], ends[:, 1], len(names))
    degree = graph.degree.copy()
    if request.param == ".":
        degree[[number[a] for a, b in pairs if a == b]] += 2
    listed = (folder / "seeds.txt").read_text().split()
    seeds = np.array(sorted(number[name] for name in listed if name in number))
    assert (len(names), len(seeds), len(pairs) - graph.n_edges) == (456, 17, 202)
    return folder / request.param, Example(graph, names, seeds, degree)


def grown(example: Example, weight: int, mode: str) -> Diamond:
    return diamond(example.graph, example.seeds, 200, weight, mode, degree=example.degree)


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", schema_overrides={"node": pl.String})


@pytest.mark.parametrize("file", REFERENCES)
def test_equals_the_reference_rank_by_rank(example: tuple[Path, Example], file: str) -> None:
    folder, given = example
    expected = read(folder / file)
    found = grown(given, *REFERENCES[file])
    assert [given.names[i] for i in found.nodes] == expected["node"].to_list()
    np.testing.assert_array_equal(found.weighted_links, expected["k"])
    np.testing.assert_array_equal(found.weighted_module_links, expected["kb"])
    np.testing.assert_array_equal(found.n_tied, expected["n_tied"])
    np.testing.assert_allclose(found.p_value, expected["p_value"], rtol=1e-9, atol=0)


def test_a_weight_of_one_is_the_same_in_both_modes(example: tuple[Path, Example]) -> None:
    paper, fixed = (grown(example[1], 1, mode) for mode in ("paper", "fixed"))
    for name in vars(paper):
        np.testing.assert_array_equal(getattr(paper, name), getattr(fixed, name))


@pytest.mark.parametrize("file", PROGRAMS)
def test_the_program_takes_the_smallest_p_at_each_step(
    example: tuple[Path, Example], file: str
) -> None:
    """Its order among ties is arbitrary: so its own modules are followed, step by step."""
    folder, given = example
    expected = read(folder / file)
    number = {name: i for i, name in enumerate(given.names)}
    nodes = [number[name] for name in expected["node"]]
    linked = np.zeros((len(given.names), len(given.names)), bool)
    linked[np.repeat(np.arange(456), given.graph.degree), given.graph.neighbours] = True
    a, seeds = PROGRAMS[file], list(given.seeds)
    for step, node in enumerate(nodes):
        module = np.array(seeds + nodes[:step])
        outside = np.setdiff1d(np.flatnonzero(linked[module].any(axis=0)), module)
        links = linked[:, module].sum(axis=1)
        k, kb = given.degree + (a - 1) * links, a * links
        size = a * len(seeds) if step == 0 else len(module)
        total = len(linked) + a * (a - 1) * len(seeds)
        log_p = log_upper_tail(kb[outside].astype(float), k[outside].astype(float), size, total)
        p = dict(zip(outside, np.exp(log_p), strict=True))
        row = expected.row(step, named=True)
        assert (k[node], kb[node]) == (row["k"], row["kb"])
        assert p[node] == pytest.approx(row["p_value"], rel=1e-9, abs=0)
        smallest = min(p.values()) * (1 + 1e-10)
        assert p[node] <= smallest
        assert sum(value <= smallest for value in p.values()) == row["n_tied"]
        if a == 1 and step % 10 == 0:  # then an added node counts like a seed
            ours = diamond(given.graph, module, 1, degree=given.degree)
            assert ours.p_value[0] == pytest.approx(row["p_value"], rel=1e-9, abs=0)
            assert ours.n_tied[0] == row["n_tied"]
