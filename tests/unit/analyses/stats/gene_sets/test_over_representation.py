"""Over-representation against set arithmetic, and on arrays where only probe numbers differ."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.gene_sets.membership import Membership, membership
from analyses.stats.gene_sets.over_representation import (
    over_representation,
    over_representation_of_probes,
)
from analyses.stats.gene_sets.wallenius import wallenius_greater
from analyses.stats.lists.fisher import conditional_odds_ratio


def sets_of(lists: list[list[int]], n_genes: int) -> Membership:
    index = np.repeat(np.arange(len(lists)), [len(genes) for genes in lists])
    return membership(
        index, np.concatenate([np.array(g, dtype=np.int64) for g in lists]), len(lists), n_genes
    )


def test_each_set_and_list_is_its_own_test(rng: np.random.Generator) -> None:
    n_genes = 60
    lists = [rng.choice(n_genes, m, replace=False).tolist() for m in (1, 5, 5, 20, 60)]
    found = rng.random((n_genes, 3)) < [0.1, 0.4, 0.0]
    found[lists[3][:15], 0] = True
    result = over_representation(found, sets_of(lists, n_genes))
    assert result.n_found.tolist() == found.sum(axis=0).tolist()
    for i, genes in enumerate(lists):
        for j in range(3):
            n, both = int(found[:, j].sum()), int(found[genes, j].sum())
            assert result.n_overlap[i, j] == both
            assert result.expected[i, j] == pytest.approx(len(genes) * n / n_genes)
            p = stats.hypergeom.sf(both - 1, n_genes, n, len(genes))
            assert result.p_value[i, j] == pytest.approx(p, rel=1e-10)
            odds = conditional_odds_ratio(both, n, len(genes), n_genes)
            np.testing.assert_allclose(result.odds_ratio[i, j], odds, rtol=1e-12)
    assert result.p_uncorrected is None
    assert result.p_value[3, 0] < 1e-4  # the planted one


def array(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Genes by number of probes, and found by probes that change at random; 5 lists."""
    n_probes = np.maximum(1, rng.lognormal(2.5, 1.0, 12_000)).astype(np.int64)
    hits = rng.binomial(n_probes[:, None], [[0.0005, 0.002, 0.005, 0.01, 0.03]])
    return n_probes, np.minimum(hits, 1).astype(float)


def test_genes_of_many_probes_are_not_enriched_for_that(rng: np.random.Generator) -> None:
    n_probes, shares = array(rng)
    order = np.argsort(n_probes)
    many, few = order[6000:], order[:6000]
    lists = [rng.choice(many, 150, replace=False).tolist() for _ in range(150)]
    lists += [rng.choice(few, 150, replace=False).tolist() for _ in range(150)]
    result = over_representation_of_probes(shares, n_probes, sets_of(lists, 12_000))
    assert result.p_uncorrected is not None
    for j in range(5):
        # a test of whole numbers is a little conservative, never far from what it promises
        for sets in (slice(150), slice(150, 300)):
            assert (result.p_value[sets, j] < 0.1).mean() < 0.18
            assert 0.45 < np.median(result.p_value[sets, j]) < 1.01
            ratio = result.n_overlap[sets, j].sum() / result.expected[sets, j].sum()
            assert ratio == pytest.approx(1.0, abs=0.15 if j else 0.45)
    assert np.median(result.p_uncorrected[:150, 1:]) < 0.01  # what the correction takes away


def test_a_planted_set_is_found_and_its_odds_are_beyond_the_probes(
    rng: np.random.Generator,
) -> None:
    n_probes, shares = array(rng)
    genes = rng.choice(np.argsort(n_probes)[9000:], 200, replace=False)
    shares[genes[:120], 2] = 1.0
    result = over_representation_of_probes(
        shares[:, [2]], n_probes, sets_of([genes.tolist()], 12_000)
    )
    assert result.p_value[0, 0] < 1e-20
    assert 3 < result.odds_ratio[0, 0] < 20
    assert result.p_uncorrected is not None
    assert result.p_uncorrected[0, 0] < result.p_value[0, 0]


def test_shares_are_added_and_rounded_down() -> None:
    """Six probes of six genes each are one gene, also where 6 x 1/6 is not quite 1."""
    shares = np.zeros((400, 1))
    shares[:6] = 1 / 6
    shares[10:30] = 1.0
    shares[10] = 1.7  # counts once
    n_probes = np.full(400, 5, dtype=np.int64)
    sets = sets_of([[*range(6), 200], [*range(5), 10, 200], [10, 11]], 400)
    result = over_representation_of_probes(shares, n_probes, sets)
    np.testing.assert_allclose(result.n_overlap[:, 0], [1, 1 + 5 / 6, 2], rtol=1e-12)
    assert result.n_found.tolist() == [26]
    # all have five probes: the odds are 1
    p = wallenius_greater([1, 1, 2], [7, 7, 2], 26, 400, 1.0)
    np.testing.assert_allclose(result.p_value[:, 0], p, rtol=1e-10)
    np.testing.assert_allclose(result.p_uncorrected, result.p_value, rtol=1e-10)


def test_a_set_of_nearly_all_genes() -> None:
    shares = np.full((40, 1), 0.1)
    sets = sets_of([list(range(39)), list(range(40)), [0]], 40)
    result = over_representation_of_probes(shares, np.arange(1, 41), sets)
    np.testing.assert_array_equal(result.p_value, 1.0)
    assert not np.isnan(result.expected).any()
