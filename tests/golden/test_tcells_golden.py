"""From raw counts to contrasts of a time course: edgeR 3.40.2 and limma 3.54.1."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.stats.counts.filter_by_expr import filter_by_expr
from analyses.stats.counts.voom import voom
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from tests.support.real_data import r_table, read_table

#: Contrasts of the design's columns, as R had them.
CONTRASTS = {
    "act24_vs_ctr24": ("act_24h", "ctr_24h"),
    "act72_vs_start": ("act_72h", "start_0h"),
}


def test_raw_counts_to_contrasts(shared_data: Path) -> None:
    """R's norm factors were written with 8 digits, which limits how close one can come."""
    folder = shared_data / "rnaseq_tcells"
    table, sheet = read_table(folder / "counts.csv.gz"), read_table(folder / "samples.csv")
    samples = sheet["sample"].to_list()
    counts = table.select(pl.col(samples).cast(pl.Float64)).to_numpy()

    kept = filter_by_expr(counts, sheet["group"].to_list())
    filtered = read_table(folder / "expected" / "filterByExpr.csv.gz")
    assert filtered["gene"].to_list() == table["gene"].to_list()
    np.testing.assert_array_equal(kept, filtered["kept"].to_numpy() == 1)

    factors = read_table(folder / "expected" / "norm_factors.csv")
    assert factors["sample"].to_list() == samples
    counts = counts[kept]
    np.testing.assert_array_equal(counts.sum(axis=0), factors["lib_size_after_filter"].to_numpy())
    library = counts.sum(axis=0) * factors["tmm_norm_factor"].to_numpy()

    design = read_table(folder / "expected" / "design_matrix.csv")
    assert design["sample"].to_list() == samples
    names = design.columns[1:]
    basis = design_basis(design.select(pl.col(names).cast(pl.Float64)).to_numpy())
    matrix = np.zeros((len(names), len(CONTRASTS)))
    for j, (plus, minus) in enumerate(CONTRASTS.values()):
        matrix[names.index(plus), j], matrix[names.index(minus), j] = 1.0, -1.0

    values = voom(counts, library, basis)
    # contrasts.fit's errors, as R was asked for
    fit = fit_contrasts(values.log2_cpm, basis, matrix, weights=values.weights, errors="limma")
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    found = ebayes(fit, prior)
    meta = json.loads((folder / "expected" / "meta_voom.json").read_text())
    assert prior.df_prior[0] == pytest.approx(meta["df.prior"], rel=1e-5)
    assert prior.s2_prior[0] == pytest.approx(meta["s2.prior"], rel=1e-5)

    of_fit = r_table(folder / "expected" / "fit_voom.csv.gz")
    np.testing.assert_allclose(np.sqrt(fit.sigma2), of_fit["sigma"], rtol=1e-5)
    np.testing.assert_allclose(found.s2_post, of_fit["s2_post"], rtol=1e-5)
    for j, name in enumerate(CONTRASTS):
        expected = r_table(folder / "expected" / f"limma_voom_{name}.csv.gz")
        assert expected.features == table["gene"].filter(kept).to_list()
        t, p = found.t[:, j], found.p_value[:, j]
        np.testing.assert_allclose(fit.estimate[:, j], expected["logFC"], rtol=0, atol=1e-6)
        np.testing.assert_allclose(fit.mean, expected["AveExpr"], rtol=0, atol=1e-6)
        np.testing.assert_allclose(t, expected["t"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(p, expected["P.Value"], rtol=1e-5)
        np.testing.assert_allclose(found.b[:, j], expected["B"], rtol=1e-5, atol=1e-4)
        assert (p < 0.05).sum() == meta["contrasts"][name]["n_p_lt_0.05"]
        adjusted = benjamini_hochberg(p)
        assert (adjusted < 0.05).sum() == meta["contrasts"][name]["n_adj_p_lt_0.05"]
