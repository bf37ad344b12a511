"""`cohortmart.api.fit` on arrays: limma 3.54.1 and edgeR 3.40.2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from cohortmart.api.fit import fit
from tests.support.real_data import r_table, read_table


def test_counts_of_t_cells(shared_data: Path) -> None:
    """Raw counts to contrasts: filter, TMM, voom, donors as covariate."""
    folder = shared_data / "rnaseq_tcells"
    table, samples = read_table(folder / "counts.csv.gz"), read_table(folder / "samples.csv")
    names = samples["sample"].to_list()
    made = fit(
        table.select(pl.col(names).cast(pl.Float64)).to_numpy(),
        samples.select("sample", "donor", "group"),
        model={"means": ["group"], "covariates": ["donor"]},
        contrasts={"act24_vs_ctr24": "act_24h - ctr_24h", "act72_vs_start": "act_72h - start_0h"},
        features=table["gene"].to_list(),
        response="voom",
        filter="filter_by_expr",
        contrast_errors="limma",
    )
    for name in ("act24_vs_ctr24", "act72_vs_start"):
        expected = r_table(folder / "expected" / f"limma_voom_{name}.csv.gz")
        rows = made.table.filter(pl.col("contrast") == name)
        assert rows["feature_id"].to_list() == expected.features
        np.testing.assert_allclose(rows["log_fc"], expected["logFC"], rtol=0, atol=1e-6)
        np.testing.assert_allclose(rows["t"], expected["t"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(rows["p_value"], expected["P.Value"], rtol=1e-5)
        np.testing.assert_allclose(rows["adj_p_value"], expected["adj.P.Val"], rtol=1e-5)
        np.testing.assert_allclose(rows["b"], expected["B"], rtol=1e-5, atol=1e-4)


def test_paired_betas(shared_data: Path) -> None:
    """Tumour and benign tissue of the same people, the correlation within them estimated."""
    folder = shared_data / "epic_chr7_paired"
    table, samples = read_table(folder / "betas.csv.gz"), read_table(folder / "samples.csv")
    made = fit(
        table.select(pl.col(samples["sample"].to_list()).cast(pl.Float64)).to_numpy(),
        samples.select("sample", "patient", "tissue"),
        model={"means": ["tissue"], "block": "subject"},
        contrasts={"tumour-benign": "tumour - benign"},
        features=table["probe_id"].to_list(),
        response="m_value",
        roles={"subject": "patient"},
    )
    expected = r_table(folder / "expected" / "limma_dupcor.csv.gz")
    assert made.table["feature_id"].to_list() == expected.features
    np.testing.assert_allclose(made.table["log_fc"], expected["logFC"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(made.table["t"], expected["t"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(made.table["p_value"], expected["P.Value"], rtol=1e-6)
    assert made.contrasts.row(0, named=True)["n_complete"] == 4
