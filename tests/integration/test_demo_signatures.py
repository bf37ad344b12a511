"""Published tables of the demo: its disease is found where it was planted, noise nowhere."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

#: The disease differs at all visits alike, so changes between visits are not like it.
LIKE = {"MSvsHP_1st", "MSvsHP_2nd", "MSvsHP_3rd", "MSvsHP_PP"}


@pytest.fixture(scope="module")
def rows(demo_run: Path) -> pl.DataFrame:
    with duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True) as con:
        return con.sql("from signature_correlation").pl()


@pytest.mark.parametrize("analysis", ["rna_cd4", "rna_cd8"])
def test_the_disease_is_found_and_noise_is_not(rows: pl.DataFrame, analysis: str) -> None:
    of = rows.filter(pl.col("analysis") == analysis)
    disease = of.filter(pl.col("signature") == "ms_disease")
    along = disease.filter(pl.col("reading") == "along the signature")
    assert set(along["contrast"]) == LIKE
    assert (along["r"] > 0.3).all()
    assert (along["n_both_same_sign"] >= 0.95 * along["n_both"]).all()
    assert (along["overlap_p_value"] < 0.01).all()
    assert (along["r_spearman_p_value"] < 0.05).all()
    assert (along["r_t_p_value"] < 0.05).all()
    others = disease.filter(~pl.col("contrast").is_in(LIKE))
    assert set(others["reading"]) == {"no different from chance"}
    unrelated = of.filter(pl.col("signature") == "unrelated")
    assert set(unrelated["reading"]) == {"no different from chance"}


def test_signs_agree_as_often_as_was_planted(rows: pl.DataFrame, demo_run: Path) -> None:
    """All genes count alike: half of them agree by chance, and of one in twenty all."""
    truth = pl.read_csv(demo_run / "raw" / "truth" / "genes.csv")
    planted = (truth["MSvsHP_1st"] != 0).mean()
    assert planted == pytest.approx(0.05)
    along = rows.filter(
        (pl.col("signature") == "ms_disease") & pl.col("contrast").is_in(LIKE)
        & pl.col("analysis").str.starts_with("rna_cd")
    )  # fmt: skip
    sd = (along["sign_agreement_high"] - along["sign_agreement_low"]) / (2 * 1.96)
    beyond = (along["sign_agreement"] - (0.5 + planted / 2)) / sd
    assert (beyond.abs() < 3).all()
    assert (along["sign_agreement"] > 0.5).all()


def test_r_is_that_of_the_files(rows: pl.DataFrame, demo_run: Path) -> None:
    """From the raw table and the contrast's results alone."""
    table = pl.read_csv(demo_run / "raw" / "ms_disease.csv")
    with duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True) as con:
        results = con.sql(
            "select feature_name as ID, log_fc, p_value from fct_contrast_result"
            " where analysis = 'rna_cd8' and contrast = 'MSvsHP_1st'"
        ).pl()
        matched = con.sql(
            "select count(*) from signature_match where analysis = 'rna_cd8'"
            " and signature = 'ms_disease' and is_used"
        ).fetchall()
    both = table.join(results, on="ID")
    (row,) = rows.filter(
        (pl.col("analysis") == "rna_cd8") & (pl.col("contrast") == "MSvsHP_1st")
        & (pl.col("signature") == "ms_disease")
    ).to_dicts()  # fmt: skip
    assert matched == [(both.height,)]
    assert row["n_features"] == both.height
    assert row["r"] == pytest.approx(np.corrcoef(both["logFC"], both["log_fc"])[0, 1], abs=1e-9)
    spearman = stats.spearmanr(both["logFC"], both["log_fc"]).statistic
    assert row["r_spearman"] == pytest.approx(spearman, abs=1e-9)


def test_a_signature_is_told_from_its_file(demo_run: Path) -> None:
    with duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True) as con:
        told = con.sql(
            "select signature, file_name, id_column, estimate_column, se_column, t_column"
            " from signature order by signature"
        ).fetchall()
    assert told == [
        ("ms_disease", "ms_disease.csv", "ID", "logFC", None, "t"),
        ("unrelated", "unrelated.tsv", "gene_id", "log2FoldChange", "lfcSE", None),
    ]
