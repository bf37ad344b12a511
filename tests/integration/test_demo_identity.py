"""The demo's exchanged, contaminated and wrongly sexed samples are found, and no other sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest


@pytest.fixture(scope="module")
def con(demo_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True)
    yield con
    con.close()


@pytest.fixture(scope="module")
def found(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return con.cursor().sql("select * from qc_identity order by assay, sample_id").pl()


@pytest.fixture(scope="module")
def truth(demo_run: Path) -> pl.DataFrame:
    path = demo_run / "raw" / "truth" / "identity.csv"
    return pl.read_csv(path, null_values="NA", infer_schema_length=0)


@pytest.mark.parametrize("assay", ["rna", "methylation"])
def test_the_two_that_changed_places_are_named_with_each_other(
    found: pl.DataFrame, truth: pl.DataFrame, assay: str
) -> None:
    planted = truth.filter(finding="swapped", assay=assay)
    told = found.filter(pl.col("assay") == assay, pl.col("verdict") == "exchanged")
    assert told.height == 2
    both = told.join(planted, on="sample_id", validate="1:1")
    assert both.height == 2
    assert (both["subject_id"] == both["sheet_says"]).all()
    assert (both["likely_subject_id"] == both["truth"]).all()
    assert (both["exchanged_with"] == both["sample_id"].reverse()).all()
    assert (both["posterior"] > 0.99).all()
    assert (both["said_posterior"] < 0.01).all()
    assert both["evidence"].str.contains("levels").all()


def test_the_contaminated_array_is_found(found: pl.DataFrame, truth: pl.DataFrame) -> None:
    planted = truth.filter(finding="contaminated")
    told = found.filter(pl.col("verdict") == "contaminated")
    assert told.select("assay", "sample_id").rows() == planted.select("assay", "sample_id").rows()


def test_the_wrong_sex_is_that_of_one_person(found: pl.DataFrame, truth: pl.DataFrame) -> None:
    planted = truth.filter(finding="sex")
    told = found.filter(pl.col("verdict") == "other sex")
    assert set(told["sample_id"]) <= set(planted["sample_id"])
    measured = found.filter(
        pl.col("sample_id").is_in(planted["sample_id"].implode()),
        pl.col("assay").is_in(["rna", "methylation"]),
    )
    assert told.height == measured.height > 8
    assert (told["said_sex"] == "male").all()
    assert (told["told_sex"] == "female").all()


def test_nothing_else_is_flagged_and_nearly_all_are_as_said(
    found: pl.DataFrame, truth: pl.DataFrame
) -> None:
    odd = found.filter(~pl.col("verdict").is_in(["as said", "cannot tell"]))
    assert set(odd["sample_id"]) <= set(truth["sample_id"])
    n = odd.group_by("verdict").len().rows()
    assert set(dict(n)) == {"exchanged", "contaminated", "other sex"}
    assert dict(n)["exchanged"] == 4
    # the one that holds 30 % of another person's DNA is still its own person's
    spoilt = found.filter(pl.col("verdict") == "contaminated")
    assert (spoilt["said_posterior"] > 0.99).all()
    for assay in ("rna", "methylation", "proteins"):
        of_assay = found.filter(pl.col("assay") == assay)
        assert (of_assay["verdict"] == "cannot tell").sum() <= 0.04 * of_assay.height
        assert of_assay["evidence"].str.contains("levels").mean() > 0.98
