"""The demo's checks of its contrasts, and its curve over the weeks of pregnancy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from analyses.methylation_expression.paired_values import shared_visits
from cohortmart.core.study.load import load_study


@pytest.fixture(scope="module")
def con(demo_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True)
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return con.cursor().sql(query).pl()


def test_planted_changes_are_more_than_permuted_visits_find(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "select * from permutation_check order by contrast")
    assert found["contrast"].to_list() == ["HP_3rd-1st", "MSvsHP_3rd-1st"]
    assert (found["n_found"] > found["n_high"]).all()
    assert found["p_value"].to_list() == pytest.approx([1 / 201] * 2)  # the visits as they are
    assert (found["n_features"] == 3000).all()


def test_permutations_agree_with_the_p_values(con: duckdb.DuckDBPyConnection) -> None:
    both = rows(
        con,
        """
        select r.p_value, p.p_pooled, p.p_own, p.p_family_wise
        from fct_permutation as p inner join fct_contrast_result as r
            using (analysis, contrast, feature_id)
        where contrast = 'HP_3rd-1st'
        """,
    )
    assert both.height == 3000
    assert both.select(pl.corr("p_value", "p_pooled", method="spearman")).item() > 0.99
    assert (both["p_family_wise"] >= both["p_pooled"]).all()


def test_true_hits_hold_under_other_models(con: duckdb.DuckDBPyConnection, demo_run: Path) -> None:
    truth = pl.read_csv(demo_run / "raw" / "truth" / "genes.csv")
    summary = rows(con, "select * from sensitivity_summary where contrast = 'MS_3rd-1st'")
    real = summary.join(truth, left_on="feature_id", right_on="gene_id").filter(
        pl.col("effect") != "none"
    )
    assert real.height >= 18  # of the 20 with the smallest P
    assert (real["share_same_sign"] == 1.0).all()
    assert real["share_holds"].median() == 1.0


def test_the_week_is_no_covariate_beside_the_visits(con: duckdb.DuckDBPyConnection) -> None:
    """Groups and visits explain nearly all of it: with it, no change in time is left to find."""
    variants = rows(con, "select distinct variant, variant_order from fct_sensitivity order by 2")
    assert variants["variant"].to_list() == [
        "as analysed", "without library_batch", "ComBat first", "subject as fixed effect",
        "own correlation per feature", "without age", "without proportion_memory",
        "without cell_viability", "with sex",
    ]  # fmt: skip


def test_a_contrast_between_women_has_a_fault_where_the_woman_is_in_the_model(
    con: duckdb.DuckDBPyConnection,
) -> None:
    fixed = rows(
        con,
        """
        select contrast, count(*) as n, count(fault) as faults, count(p_value) as computed
        from fct_sensitivity where variant = 'subject as fixed effect'
        group by contrast order by contrast
        """,
    )
    assert fixed["contrast"].to_list() == ["MS_3rd-1st", "MSvsHP_3rd"]
    assert fixed["faults"].to_list() == [0, 20]
    assert fixed["computed"].to_list() == [20, 0]


def test_the_curve_has_weeks_in_place_of_visits(con: duckdb.DuckDBPyConnection) -> None:
    contrasts = rows(
        con, "select * from dim_contrast where analysis = 'rna_cd8_weeks' order by contrast"
    )
    meaning = dict(contrasts.select("contrast", "meaning").iter_rows())
    assert "36" in meaning["MS_36-10"]
    assert "10" in meaning["MS_36-10"]
    kinds = dict(contrasts.select("contrast", "kind").iter_rows())
    assert (kinds["MS_36-10"], kinds["MSvsHP_22"]) == ("within", "between")
    assert kinds["MSvsHP_36-10"] == "mixed"
    assert contrasts["consensus_correlation"].null_count() == contrasts.height
    tests = rows(
        con, "select distinct test from fct_joint_test where analysis = 'rna_cd8_weeks' order by 1"
    )
    assert tests["test"].to_list() == ["all contrasts", "change in pregnancy", "other course in MS"]


def test_the_curve_finds_what_changes_in_pregnancy(
    con: duckdb.DuckDBPyConnection, demo_run: Path
) -> None:
    truth = pl.read_csv(demo_run / "raw" / "truth" / "genes.csv")
    found = rows(
        con,
        """
        select feature_id as gene_id from fct_joint_test
        where analysis = 'rna_cd8_weeks' and test = 'change in pregnancy' and adj_p_value < 0.05
        """,
    )
    changing = truth.filter(pl.col("effect") != "none")["gene_id"]
    true = found["gene_id"].is_in(changing.implode())
    assert true.mean() > 0.9
    assert true.sum() > 0.4 * len(changing)


def test_errors_of_limma_are_compared_where_they_differ(con: duckdb.DuckDBPyConnection) -> None:
    ratio = rows(
        con,
        """
        select analysis, min(limma_se_ratio_low) as low, max(limma_se_ratio_high) as high
        from dim_contrast where analysis in ('rna_cd8', 'rna_cd8_weeks') group by 1 order by 1
        """,
    )
    assert ratio["low"][0] < 0.99 < 1.0 < ratio["high"][0]
    assert ratio["low"].to_list()[1] is None  # a mixed model: limma has none


def test_samples_off_the_curve_are_in_no_pair_of_visits(
    con: duckdb.DuckDBPyConnection, demo_run: Path
) -> None:
    """CpG-gene pairs take the visits that both analyses have, not all that `where` chose."""
    study = load_study(demo_run / "raw" / "study.yml")
    visits = shared_visits(con, study, "methylation_cd8", "rna_cd8_weeks")
    pregnant = rows(con, "select sample_id from dim_sample where pregnancy_week > 0")
    assert len(visits.expression) > 30
    assert set(visits.expression) <= set(pregnant["sample_id"])
