from __future__ import annotations

import gzip
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import kstest

from analyses.stats.gene_sets import gsea
from analyses.stats.gene_sets.gsea import GseaResult, preranked
from analyses.stats.gene_sets.membership import Membership
from cohortmart.core.types import Ints
from tests.support.running_sum import farthest, ranked_sets, sets_of, walk

FIELDS = ("enrichment_score", "normalised_score", "p_value", "q_value")

# gseapy 1.3.1 `prerank(ascending=None, weight=w).res2d.ES` of the genes by decreasing statistic
# (equal ones by name): t of voom_exact_HP_3rd-1st as it is (w 1), rounded to a tenth (w 1; 498
# zeros, 95 distinct values), as it is (w 0), rounded to whole numbers (w 2).
GSEAPY = {
    "hsa00010": (
        0.20208649527029338, 0.20756668224029234, -0.12531294601056328, 0.31272320672246123
    ),
    "hsa00190": (0.36716109997840846, 0.3743355167427259, 0.22510600543853954, 0.5102663962759832),
    "hsa03010": (0.6563890493355952, 0.6575974905774915, 0.543674413898384, 0.7516581446886246),
    "hsa04110": (0.29785626983548746, 0.2984613238347479, 0.18942974876703042, 0.43679969666737867),
    "hsa04650": (
        -0.32396523710930697, -0.3197321076695835, -0.14468590127667427, -0.39697561711476276
    ),
    "hsa04660": (
        0.22182661683807892, 0.22737013611836882, 0.08141217564870257, 0.42007720096996093
    ),
    "hsa05200": (
        0.18114447500024877, 0.18084276904258909, 0.05969967937907238, 0.3579187449003903
    ),
}  # fmt: skip


def random_sets(rng: np.random.Generator, sizes: list[int], n_genes: int) -> Membership:
    lists = [rng.choice(n_genes, size, replace=False).tolist() for size in sizes]
    return sets_of(lists, n_genes)


def genes_of(sets: Membership, i: int) -> Ints:
    return sets.genes[sets.indptr[i] : sets.indptr[i + 1]]


@given(data=st.data())
def test_score_is_that_of_the_running_sum(data: st.DataObject) -> None:
    statistic, lists, weight = data.draw(ranked_sets())
    found = preranked(statistic, sets_of(lists, len(statistic)), 5, weight=weight)
    expected = [farthest(walk(statistic, genes, weight)) for genes in lists]
    np.testing.assert_allclose(found.enrichment_score, expected, atol=1e-11)
    assert np.abs(found.enrichment_score).max() <= 1


def test_score_is_that_of_gseapy(shared_data: Path) -> None:
    folder = shared_data / "grams_cd8_rna" / "expected"
    table = pl.read_csv(folder / "voom_exact_HP_3rd-1st.csv.gz").sort("feature_id")
    t, names = table["t"].to_numpy(), table["feature_id"].to_list()
    lines = gzip.decompress((shared_data / "genesets" / "kegg_2011.gmt.gz").read_bytes()).decode()
    pathways = {line.split("\t")[0]: line.split("\t")[2:] for line in lines.splitlines()}
    place = {name: i for i, name in enumerate(names)}
    lists = [[place[gene] for gene in pathways[name] if gene in place] for name in GSEAPY]
    sets = sets_of(lists, len(t))
    cases = [(t, 1.0), (t.round(1), 1.0), (t, 0.0), (t.round(0), 2.0)]
    found = [preranked(values, sets, 1, weight=weight).enrichment_score for values, weight in cases]
    expected = np.array([GSEAPY[name] for name in GSEAPY])
    np.testing.assert_allclose(np.array(found).T, expected, rtol=1e-12)


def test_as_far_up_as_down_counts_what_comes_first() -> None:
    # these, too, are gseapy's
    sets = sets_of([[0, 3], [1, 2]], 4)
    found = preranked(np.array([2.0, 1.0, -1.0, -2.0]), sets, 5).enrichment_score
    np.testing.assert_array_equal(found, [0.5, -0.5])


def test_a_set_at_the_very_end_scores_one(rng: np.random.Generator) -> None:
    statistic = np.sort(rng.standard_normal(90))[::-1]
    tops, ends = [[*range(m)] for m in range(1, 90)], [[*range(m, 90)] for m in range(1, 90)]
    found = preranked(statistic, sets_of(tops + ends, 90), 5).enrichment_score
    np.testing.assert_allclose(found, np.repeat([1.0, -1.0], 89), rtol=1e-15)
    assert np.abs(found).max() == 1  # and not 1 + 2e-16


def test_against_every_set_there_is(rng: np.random.Generator) -> None:
    # the exact null: all sets of a size; one call with all sizes, so each is cut from a larger
    n_genes, n_permutations = 9, 20_000
    statistic = rng.standard_normal(n_genes)
    lists = [list(genes) for size in (1, 2, 3, 5) for genes in combinations(range(9), size)]
    sets = sets_of(lists, n_genes)
    found = preranked(statistic, sets, n_permutations)
    for size in (1, 2, 3, 5):
        mine = sets.sizes == size
        null = found.enrichment_score[mine]
        for i in np.flatnonzero(mine):
            own = found.enrichment_score[i]
            same = null[np.sign(null) == np.sign(own)]
            p = np.mean(np.abs(same) >= abs(own) - 1e-12)
            n_same = n_permutations * len(same) / len(null)
            near = 5 * np.sqrt(p * (1 - p) / n_same) + 2 / n_same
            assert found.p_value[i] == pytest.approx(p, abs=near)
            expected = own / np.abs(same).mean()
            assert found.normalised_score[i] == pytest.approx(expected, rel=0.03)


def test_significance_by_its_definition(rng: np.random.Generator) -> None:
    score, null = rng.uniform(-1, 1, 20), rng.uniform(-1, 1, (4, 25))
    null[3] = np.abs(null[3])
    of_size = np.array([0, 1, 2, 3, 0, 1, 0, 0, 2, 3] * 2)
    # a tie but for rounding; a sign that never turns up
    score[[0, 3]] = null[0, 4] * (1 + 4e-16), -0.5
    normalised, p, q = gsea._significance(score, of_size, null)

    def scaled(row: int, value: float) -> float:
        same = [x for x in null[row] if (x > 0) == (value > 0)]
        return value / abs(sum(same) / len(same)) if same else np.nan

    own = [scaled(row, value) for row, value in zip(of_size, score, strict=True)]
    np.testing.assert_allclose(normalised, own, rtol=1e-12)
    pool = np.array([scaled(row, value) for row in of_size for value in null[row]])
    for i, row in enumerate(of_size):
        sign = np.sign(score[i])
        same = null[row] * sign > 0
        reached = same & (null[row] * sign >= score[i] * sign - 1e-12)
        assert p[i] == (1 + reached.sum()) / (1 + same.sum())
        if np.isnan(own[i]):
            assert p[i] == 1
            assert np.isnan(q[i])
            continue
        by_chance, seen = (
            np.sum(x * sign >= own[i] * sign - 1e-12) / np.sum(x * sign > 0)
            for x in (pool, np.array(own))
        )
        assert q[i] == pytest.approx(min(by_chance / seen, 1), rel=1e-12)


@example(seed=779)  # as far up as down
@given(seed=st.integers(0, 10**6))
def test_turning_the_ranking_round_turns_the_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    statistic = rng.standard_normal(60)
    sets = random_sets(rng, [1, 3, 3, 20, 59], 60)
    found, turned = (preranked(s, sets, 5).enrichment_score for s in (statistic, -statistic))
    np.testing.assert_allclose(np.abs(turned), np.abs(found), atol=1e-12)
    for i in np.flatnonzero(np.sign(turned) == np.sign(found)):
        # as many genes before the first of the set as after the last, say: as far up as down
        heights = walk(statistic, genes_of(sets, i).tolist(), 1.0)
        assert heights.max() == pytest.approx(-heights.min(), rel=1e-12)


def test_planted_sets_are_found(rng: np.random.Generator) -> None:
    sets = random_sets(rng, [25] * 30 + [40] * 30, 2000)
    statistic = rng.standard_normal(2000)
    statistic[genes_of(sets, 4)] += 1.5
    statistic[genes_of(sets, 50)] -= 1.5
    found = preranked(statistic, sets)
    assert set(np.argsort(found.p_value)[:2]) == {4, 50}
    assert (found.p_value[[4, 50]] < 0.004).all()
    assert (found.q_value[[4, 50]] < 0.01).all()
    assert found.enrichment_score[4] > 0 > found.enrichment_score[50]
    assert np.sum(found.q_value < 0.05) == 2


def test_p_values_of_random_sets_are_uniform(rng: np.random.Generator) -> None:
    sets = random_sets(rng, rng.integers(10, 80, 600).tolist(), 3000)
    p = preranked(rng.standard_normal(3000), sets).p_value
    assert kstest(p, "uniform").pvalue > 0.01


def test_neither_order_nor_company_changes_a_result(rng: np.random.Generator) -> None:
    sets = random_sets(rng, [5, 80, 12, 12, 40, 5, 33], 300)
    statistic = rng.standard_normal(300).round(1)
    found = preranked(statistic, sets, 200)
    mixed = rng.permutation(7)
    for field in FIELDS:
        other = getattr(preranked(statistic, sets.select(mixed), 200), field)
        np.testing.assert_array_equal(other, getattr(found, field)[mixed])
    alone = preranked(statistic, sets.select(np.array([2, 5])), 200)
    for field in FIELDS[:3]:
        np.testing.assert_array_equal(getattr(alone, field), getattr(found, field)[[2, 5]])


def test_same_bytes_with_any_number_of_threads(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets, statistic = random_sets(rng, [5, 30, 9], 200), rng.standard_normal(200)

    def result(threads: str, seed: int) -> bytes:
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found = preranked(statistic, sets, 300, seed)
        return np.array([getattr(found, field) for field in FIELDS]).tobytes()

    assert result("1", 1) == result("3", 1)
    assert result("1", 1) != result("1", 2)


def test_random_sets_differ_between_the_blocks_of_permutations(rng: np.random.Generator) -> None:
    scores = gsea._random_scores(rng.uniform(size=500), np.array([7, 20]), 400, 1)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores[0])) > 390
    assert len(np.unique(scores[1])) > 390


def test_sets_with_no_gene_or_every_gene_have_no_score(rng: np.random.Generator) -> None:
    statistic = rng.standard_normal(6)
    found = preranked(statistic, sets_of([[], [0, 3], [0, 1, 2, 3, 4, 5], [1]], 6), 50)
    for field in FIELDS:
        np.testing.assert_array_equal(
            np.isnan(getattr(found, field)), [True, False, True, False], err_msg=field
        )


@pytest.mark.parametrize(("n_sets", "n_genes"), [(0, 5), (3, 0), (2, 1)])
def test_nothing_to_score(n_sets: int, n_genes: int) -> None:
    found = preranked(np.zeros(n_genes), sets_of([[]] * n_sets, n_genes), 10)
    assert isinstance(found, GseaResult)
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(found, field), np.full(n_sets, np.nan))


def test_genes_that_count_nothing_count_alike_among_themselves() -> None:
    statistic = np.array([3.0, 0, 0, 0, 0, 0, -1, -2])
    sets = sets_of([[1], [2, 4], [0, 3]], 8)
    found = preranked(statistic, sets, 10).enrichment_score
    # [2, 4]: two of six others, half the set, one other, the other half
    np.testing.assert_allclose(found, [6 / 7, -2 / 6 + 1 / 2 - 1 / 6 + 1 / 2, 1.0])


def test_the_unit_of_the_statistic_does_not_matter(rng: np.random.Generator) -> None:
    sets, statistic = random_sets(rng, [5, 30, 9], 200), rng.standard_normal(200)
    found = preranked(statistic, sets, 50, weight=2)
    huge = preranked(statistic * 2.0**900, sets, 50, weight=2)
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(found, field), getattr(huge, field))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_statistic_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="missing or infinite"):
        preranked(np.array([1.0, bad, -1.0]), sets_of([[0]], 3))
