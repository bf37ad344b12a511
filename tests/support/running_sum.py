"""The running sum of gene set enrichment analysis, gene by gene, as in the paper."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from hypothesis import strategies as st

from analyses.stats.gene_sets.membership import Membership, membership
from cohortmart.core.types import Floats


def sets_of(lists: list[list[int]], n_genes: int) -> Membership:
    rows = np.repeat(np.arange(len(lists)), [len(genes) for genes in lists])
    return membership(rows, np.fromiter(chain(*lists), np.int64), len(lists), n_genes)


def walk(statistic: Floats, genes: list[int], weight: float) -> Floats:
    """Follow the running sum gene by gene, as in the paper."""
    names = sorted(range(len(statistic)), key=lambda gene: (-statistic[gene], gene))
    steps = {gene: abs(statistic[gene]) ** weight for gene in genes}
    if sum(steps.values()) == 0:
        steps = dict.fromkeys(genes, 1.0)
    total, others = sum(steps.values()), len(statistic) - len(genes)
    changes = [steps[gene] / total if gene in steps else -1 / others for gene in names]
    return np.cumsum(changes)


def farthest(heights: Floats) -> float:
    """Return the first of the sums that are farthest from 0."""
    size = np.abs(heights)
    return float(heights[np.flatnonzero(size > size.max() - 1e-12)[0]])


@st.composite
def ranked_sets(draw: Any) -> tuple[Floats, list[list[int]], float]:
    """Draw a statistic, sets of its genes and a weight.

    Of few distinct values: equal genes, genes that count nothing, sums as far up as down.
    """
    value = st.one_of(st.integers(-3, 3).map(float), st.floats(-4, 4, width=16))
    statistic = np.array(draw(st.lists(value, min_size=2, max_size=15)))
    statistic[np.abs(statistic) < 1e-3] = 0
    gene = st.integers(0, len(statistic) - 1)
    some = st.lists(gene, min_size=1, max_size=len(statistic) - 1, unique=True)
    lists = draw(st.lists(some, min_size=1, max_size=6))
    return statistic, lists, draw(st.sampled_from([0.0, 0.5, 1.0, 2.0]))
