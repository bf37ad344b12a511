"""Camera against R on real gene sets, and on sets whose genes are correlated."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analyses.stats.gene_sets.camera import camera, z_scores
from analyses.stats.gene_sets.membership import membership

#: limma 3.54.1, R 4.2.2: cameraPR(z, sets, use.ranks = FALSE, inter.gene.cor = 0.01)$PValue
R_P_VALUES = {
    "hsa00010": 0.37657375368782986,
    "hsa03010": 4.6237387554043945e-64,
    "hsa04610": 0.90061216756388274,
    "hsa04660": 0.00042969806550328759,
    "hsa05200": 0.77664307881920247,
}
#: R 4.2.2: -qnorm(pt(t, df, lower.tail = FALSE, log.p = TRUE), log.p = TRUE)
R_FAR_OUT = [
    42.9477586021054, 44.9008268901234, 44.8209177213737,
    42.9410811154897, 39.9840038570806, 42.8854298711456,
]  # fmt: skip


def test_as_r_on_the_pathways_of_kegg(shared_data: Path) -> None:
    with gzip.open(shared_data / "genesets" / "kegg_2011.gmt.gz", "rt") as lines:
        fields = [line.rstrip("\n").split("\t") for line in lines]
    genes = sorted({gene for f in fields for gene in f[2:]})
    place = {gene: i for i, gene in enumerate(genes)}
    pairs = np.array([(i, place[g]) for i, f in enumerate(fields) for g in f[2:]])
    sets = membership(pairs[:, 0], pairs[:, 1], len(fields), len(genes))
    at = {f[0]: i for i, f in enumerate(fields)}

    z = np.random.default_rng(2012).normal(0.1, 1.2, len(genes))
    for name, shift in (("hsa04660", 0.8), ("hsa03010", -3.0)):
        z[sets.genes[sets.indptr[at[name]] : sets.indptr[at[name] + 1]]] += shift
    result = camera(z, sets, inter_gene_correlation=0.01)
    for name, p in R_P_VALUES.items():
        assert result.p_value[at[name]] == pytest.approx(p, rel=1e-9)
    assert result.df == len(genes) - 2
    assert result.z[at["hsa03010"]] == pytest.approx(
        stats.norm.isf(R_P_VALUES["hsa03010"] / 2) * -1
    )
    assert result.z[at["hsa04660"]] > 0


def test_without_correlation_it_is_the_t_test_of_two_samples(rng: np.random.Generator) -> None:
    z = rng.normal(size=50)
    sets = membership(np.repeat([0, 1], [12, 1]), np.array([*range(3, 15), 7]), 2, 50)
    result = camera(z, sets, inter_gene_correlation=0.0)
    for i, inside in enumerate((np.arange(3, 15), np.array([7]))):
        t = stats.ttest_ind(z[inside], np.delete(z, inside))
        assert result.t[i] == pytest.approx(t.statistic)
        assert result.p_value[i] == pytest.approx(t.pvalue)


def test_correlated_genes_do_not_fool_it(rng: np.random.Generator) -> None:
    """Sets of 100 genes with correlation 0.05 among them, none of them different."""
    n_sets, m, rho = 200, 100, 0.05
    common = np.repeat(rng.normal(size=n_sets), m) * np.sqrt(rho)
    z = common + rng.normal(size=n_sets * m) * np.sqrt(1 - rho)
    sets = membership(np.repeat(np.arange(n_sets), m), np.arange(n_sets * m), n_sets, n_sets * m)
    assert (camera(z, sets, rho).p_value < 0.05).mean() < 0.1
    assert (camera(z, sets, 0.0).p_value < 0.05).mean() > 0.25


def test_sets_without_a_rest_and_empty_sets_have_no_test() -> None:
    sets = membership(np.array([0, 0, 0, 0, 2]), np.array([0, 1, 2, 3, 0]), 3, 4)
    result = camera(np.array([0.3, 1.0, -2.0, 0.1]), sets)
    np.testing.assert_array_equal(np.isnan(result.p_value), [True, True, False])
    np.testing.assert_array_equal(np.isnan(result.z), [True, True, False])
    assert np.isnan(camera(np.ones(2), membership(np.array([0]), np.array([0]), 1, 2)).t).all()


def test_z_scores_are_as_far_out() -> None:
    t = np.array([-30, -3, -0.01, 0.5, 2, 8, 60])
    df = np.array([4, 10, 100, 7.5, 3, 50, 20])
    tail = stats.t.logsf(np.abs(t), df)
    np.testing.assert_allclose(stats.norm.logsf(np.abs(z_scores(t, df))), tail, rtol=1e-9)
    np.testing.assert_array_equal(np.sign(z_scores(t, df)), np.sign(t))
    np.testing.assert_array_equal(z_scores([5.0, -40.0, 0.0], np.inf), [5.0, -40.0, 0.0])


def test_z_scores_where_p_is_no_number_any_more() -> None:
    t = np.linspace(20, 200, 4000)
    z = z_scores(t, 400.0)
    steps = np.diff(z)
    assert (steps > 0).all()
    assert stats.t.sf(t[0], 400) > 0 == stats.t.sf(t[-1], 400)  # it crosses the limit
    assert np.abs(np.diff(steps)).max() < 1e-4  # without a jump
    far = z_scores([200.0, 500.0, 1e4, 45.0, 40.0, 1e5], [400.0, 300.0, 150.0, 1e4, 1e6, 100.0])
    np.testing.assert_allclose(far, R_FAR_OUT, rtol=1e-12)
    np.testing.assert_array_equal(
        z_scores([np.inf, -np.inf, np.nan], 5.0), [np.inf, -np.inf, np.nan]
    )
