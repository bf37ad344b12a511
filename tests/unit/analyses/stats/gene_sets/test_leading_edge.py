"""Leading edges against the running sum gene by gene, and against gseapy."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.gene_sets.leading_edge import leading_edges
from cohortmart.core.types import Floats
from tests.support.running_sum import farthest, ranked_sets, sets_of, walk

# gseapy 1.3.1 `prerank(ascending=None, weight=1).res2d`, "Tag %": genes of the leading edge, of
# the set; of t of voom_exact_HP_3rd-1st. And the first of "Lead_genes" of two of the sets.
GSEAPY = {
    "hsa00010": (5, 41), "hsa00190": (32, 104), "hsa03010": (71, 85), "hsa04110": (36, 117),
    "hsa04650": (49, 104), "hsa04660": (17, 96), "hsa05200": (37, 217),
}  # fmt: skip
FIRST = {
    "hsa00010": ["LDHB", "LDHA", "PGK1", "HK1", "BPGM"],
    "hsa04650": ["KIR3DL1", "KLRK1", "SYK", "ICAM2", "KLRC2", "TNFRSF10D", "KIR2DL1", "CD244"],
}


def edges(statistic: Floats, lists: list[list[int]], weight: float = 1.0) -> list[list[int]]:
    indptr, genes = leading_edges(statistic, sets_of(lists, len(statistic)), weight)
    return [genes[a:b].tolist() for a, b in pairwise(indptr)]


def by_hand(statistic: Floats, genes: list[int], weight: float) -> list[int]:
    """Walk down the ranking, and keep the genes on the near side of the farthest point."""
    names = sorted(range(len(statistic)), key=lambda gene: (-statistic[gene], gene))
    heights = walk(statistic, genes, weight)
    size = np.abs(heights)
    turn = int(np.flatnonzero(size > size.max() - 1e-12)[0])
    side = names[: turn + 1] if farthest(heights) > 0 else names[turn + 1 :][::-1]
    return [gene for gene in side if gene in genes]


@given(data=st.data())
def test_edge_is_that_of_the_running_sum(data: st.DataObject) -> None:
    statistic, lists, weight = data.draw(ranked_sets())
    found = edges(statistic, lists, weight)
    assert found == [by_hand(statistic, genes, weight) for genes in lists]
    assert all(found)


def test_edge_is_that_of_gseapy(shared_data: Path) -> None:
    folder = shared_data / "grams_cd8_rna" / "expected"
    table = pl.read_csv(folder / "voom_exact_HP_3rd-1st.csv.gz").sort("feature_id")
    t, names = table["t"].to_numpy(), table["feature_id"].to_list()
    lines = gzip.decompress((shared_data / "genesets" / "kegg_2011.gmt.gz").read_bytes()).decode()
    pathways = {line.split("\t")[0]: line.split("\t")[2:] for line in lines.splitlines()}
    place = {name: i for i, name in enumerate(names)}
    lists = [[place[gene] for gene in pathways[name] if gene in place] for name in GSEAPY]
    found = dict(zip(GSEAPY, edges(t, lists), strict=True))
    sizes = {name: len(genes) for name, genes in zip(GSEAPY, lists, strict=True)}
    assert {name: (len(edge), sizes[name]) for name, edge in found.items()} == GSEAPY
    for name, first in FIRST.items():
        assert [names[gene] for gene in found[name]][: len(first)] == first


def test_a_set_without_a_score_has_no_edge() -> None:
    statistic = np.array([2.0, 1.0, -1.0])
    assert edges(statistic, [[0, 1, 2], [], [2]]) == [[], [], [2]]
    assert edges(statistic, []) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_statistic_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="missing or infinite"):
        leading_edges(np.array([1.0, bad]), sets_of([[0]], 2))
