"""The demo's proteins and cells: what was planted is found, and a shift of cells is seen as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest


@pytest.fixture(scope="module")
def con(demo_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True)
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return con.cursor().sql(query).pl()


def truth(demo_run: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(demo_run / "raw" / "truth" / f"{name}.csv")


def test_every_protein_that_rebounds_is_found_and_hardly_another(
    demo_run: Path, con: duckdb.DuckDBPyConnection
) -> None:
    planted = truth(demo_run, "proteins")
    real = set(planted.filter(pl.col("effect") != "none")["feature_id"])
    found = rows(
        con, "from rebound where analysis = 'proteins_cd8' and is_found and study_group = 'MS'"
    )
    assert len(real) == 16
    assert real <= set(found["feature_id"])
    assert len(set(found["feature_id"]) - real) <= 2
    both = rows(
        con,
        "from fct_contrast_result where analysis = 'proteins_cd8' and contrast = 'MS_3rd-1st'",
    ).join(planted, on="feature_id", validate="1:1")
    z = ((both["log_fc"] - both["MS_3rd-1st"]) / both["se"]).to_numpy()
    assert abs(z.mean()) < 0.35
    assert 0.8 < z.std() < 1.2


def test_proteins_below_detection_are_kept_with_their_flag(con: duckdb.DuckDBPyConnection) -> None:
    low = rows(con, "from fct_measurement where assay = 'proteins' and below_detection")
    assert (low["value"] < 0.5).all()
    assert (low["detection_limit"] == 0.5).all()
    all_rows = rows(con, "select count(*) as n from fct_measurement where assay = 'proteins'")
    assert 0.01 < low.height / all_rows["n"][0] < 0.15


def test_fractions_of_cells_are_those_of_the_mixtures(
    demo_run: Path, con: duckdb.DuckDBPyConnection
) -> None:
    measured = rows(
        con, "select sample_id, feature_id, value from fct_measurement where assay = 'cells'"
    ).pivot(on="feature_id", index="sample_id", values="value")
    both = truth(demo_run, "cells").join(measured, on="sample_id", suffix="_measured")
    assert both.height == 144
    for cell in ("naive", "memory", "effector"):
        error = (both[f"{cell}_measured"] - both[cell]).to_numpy()
        assert np.abs(error).max() < 0.05
        assert error.std() < 0.012


def test_a_change_that_is_a_shift_of_cells_is_explained_and_others_are_not(
    demo_run: Path, con: duckdb.DuckDBPyConnection
) -> None:
    planted = truth(demo_run, "genes").select(pl.col("gene_id").alias("feature_id"), "effect")
    parts = rows(
        con,
        "select contrast, feature_id, part, estimate, p_value from fct_explained "
        "where analysis = 'rna_cd8' and contrast in ('MS_3rd-1st', 'MS_PP-3rd')",
    ).join(planted, on="feature_id")
    for contrast in ("MS_3rd-1st", "MS_PP-3rd"):
        wide = (
            parts.filter(pl.col("contrast") == contrast)
            .pivot(on="part", index=["feature_id", "effect"], values="estimate")
            .with_columns(
                share=pl.col("remaining") * pl.col("total").sign() / pl.col("total").abs()
            )
        )
        shift = wide.filter(pl.col("effect").str.starts_with("cells"))
        other = wide.filter(pl.col("effect").str.starts_with("rebound"))
        assert abs(shift["share"].median()) < 0.35  # type: ignore[arg-type]
        assert other["share"].median() > 0.75  # type: ignore[operator]
