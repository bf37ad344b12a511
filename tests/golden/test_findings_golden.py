"""What the whole command finds behind the contrasts of the study's own CD8+ RNA-seq."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

PAIR = "3rd-1st/PP-3rd"


@pytest.fixture(scope="module")
def con(real_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(real_run / "warehouse.duckdb"), read_only=True)
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    return con.cursor().sql(query).pl().to_dicts()


def test_contrast_summary_has_the_counts_of_r(con, shared_data: Path) -> None:
    meta = json.loads((shared_data / "grams_cd8_rna" / "expected" / "meta.json").read_text())
    for analysis, counts in (
        ("study", meta["study"]["n_p_below_0.05"]),
        ("voom_limma", meta["voom"]["n_p_below_0.05"]),
    ):
        found = rows(con, f"from contrast_summary where analysis = '{analysis}'")
        assert {r["contrast"]: r["n_found"] for r in found} == counts
        assert all(r["n_up"] + r["n_down"] == r["n_found"] == r["n_p_05"] for r in found)
        assert all(r["n_tested"] == 13_456 for r in found)


@pytest.mark.parametrize(
    ("analysis", "group", "r", "no_effect", "beyond_chance"),
    [
        ("study", "HP", -0.7979, -0.5172, True),
        ("study", "MS", -0.4755, -0.5788, False),
        ("batch_exact", "HP", -0.8179, -0.5391, True),
        ("batch_exact", "MS", -0.4827, -0.5876, False),
    ],
)
def test_the_changes_correlate_beyond_chance_in_healthy_women_only(
    con, analysis: str, group: str, r: float, no_effect: float, beyond_chance: bool
) -> None:
    found = rows(
        con,
        f"""
        from contrast_correlation where analysis = '{analysis}'
        and first_contrast = '{group}_3rd-1st' and second_contrast = '{group}_PP-3rd'
        """,
    )
    found += rows(
        con,
        f"""
        from contrast_correlation where analysis = '{analysis}'
        and second_contrast = '{group}_3rd-1st' and first_contrast = '{group}_PP-3rd'
        """,
    )
    (row,) = found
    assert row["r"] == pytest.approx(r, abs=5e-5)
    assert row["r_no_effect"] == pytest.approx(no_effect, abs=5e-5)
    assert row["beyond_chance"] is beyond_chance
    assert row["r_low"] < row["r"] < row["r_high"]
    assert row["no_effect_low"] < row["r_no_effect"] < row["no_effect_high"]
    assert (row["r"] < row["no_effect_low"]) is beyond_chance


def test_the_paper_preset_is_the_rule_of_the_paper(con, shared_data: Path) -> None:
    """Both P below 0.05 in R's own tables; no rule about signs."""
    expected = shared_data / "grams_cd8_rna" / "expected"
    first, second = (
        pl.read_csv(expected / f"study_HP_{name}.csv.gz").select("feature_id", "P.Value", "logFC")
        for name in ("3rd-1st", "PP-3rd")
    )
    both = first.join(second, on="feature_id", suffix="_second").filter(
        (pl.col("P.Value") < 0.05) & (pl.col("P.Value_second") < 0.05)
    )
    found = con.cursor().sql(
        "select feature_id, class from rebound where analysis = 'study' and study_group = 'HP' "
        "and is_found"
    ).pl()  # fmt: skip
    assert set(found["feature_id"]) == set(both["feature_id"])
    assert both.height == 723
    (summary,) = rows(con, "from rebound_summary where analysis = 'study' and study_group = 'HP'")
    assert summary["n_found"] == summary["n_paper"] == both.height
    opposite = both.filter((pl.col("logFC") > 0) != (pl.col("logFC_second") > 0)).height
    assert summary["n_up_down"] + summary["n_down_up"] == opposite
    assert summary["n_same_sign"] == both.height - opposite


def test_the_default_asks_for_more(con, shared_data: Path) -> None:
    """The larger P of R's exact tables, adjusted by hand."""
    expected = shared_data / "grams_cd8_rna" / "expected"
    first, second = (
        pl.read_csv(expected / f"voom_exact_HP_{name}.csv.gz") for name in ("3rd-1st", "PP-3rd")
    )
    both = first.join(second, on="feature_id", suffix="_second")
    opposite = (both["logFC"] > 0) != (both["logFC_second"] > 0)
    larger = np.maximum(both["P.Value"].to_numpy(), both["P.Value_second"].to_numpy())
    p = np.where(opposite.to_numpy(), larger, 1.0)
    order = np.argsort(p)
    adjusted = np.minimum.accumulate((p[order] * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    expected_ids = set(both["feature_id"].to_numpy()[order[adjusted < 0.05]])
    ours = con.cursor().sql(
        "from rebound where analysis = 'voom_exact' and study_group = 'HP' order by feature_id"
    ).pl()  # fmt: skip
    assert set(ours.filter("is_found")["feature_id"]) == expected_ids
    joined = ours.join(both.with_columns(p=pl.Series(p)), on="feature_id", validate="1:1")
    np.testing.assert_allclose(joined["p_rebound"], joined["p"], rtol=1e-4)
    assert (
        joined.filter(pl.col("class").is_in(["up-down", "down-up"]))["p_same"].unique().item() == 1
    )


def test_the_amplitude_is_the_joint_contrast(con) -> None:
    """3rd - (1st + PP) / 2; its error takes in that both changes share the 3rd trimester."""
    found = con.cursor().sql(
        """
        select r.*, f.se as se_first, s.se as se_second from rebound as r
        join fct_contrast_result as f on f.analysis = r.analysis
            and f.contrast = r.first_contrast and f.feature_id = r.feature_id
        join fct_contrast_result as s on s.analysis = r.analysis
            and s.contrast = r.second_contrast and s.feature_id = r.feature_id
        where r.analysis = 'voom_exact'
        """
    ).pl()  # fmt: skip
    assert found.height == 2 * 13_456
    np.testing.assert_allclose(
        found["amplitude"], (found["log_fc_first"] - found["log_fc_second"]) / 2, atol=1e-12
    )
    apart = np.hypot(found["se_first"], found["se_second"]) / 2
    together = (found["se_first"] + found["se_second"]) / 2
    assert ((found["amplitude_se"] > apart) & (found["amplitude_se"] <= together)).all()


def test_groups_are_compared_by_the_interaction(con) -> None:
    found = con.cursor().sql(
        """
        select g.*, m.amplitude - h.amplitude as difference, m.is_found as in_ms,
            h.is_found as in_hp
        from rebound_group as g
        join rebound as m on m.analysis = g.analysis and m.feature_id = g.feature_id
            and m.pair = g.pair and m.study_group = 'MS'
        join rebound as h on h.analysis = g.analysis and h.feature_id = g.feature_id
            and h.pair = g.pair and h.study_group = 'HP'
        where g.analysis = 'study'
        """
    ).pl()  # fmt: skip
    assert found.height == 13_456
    np.testing.assert_allclose(found["amplitude_difference"], found["difference"], atol=1e-12)
    only = {(True, True): "both", (True, False): "MS only", (False, True): "HP only"}
    said = [only.get((m, h), "neither") for m, h in found.select("in_ms", "in_hp").iter_rows()]
    assert found["detected_in"].to_list() == said
    (union,) = rows(con, "from rebound_union where analysis = 'study'")
    assert union["n_union"] == sum(word != "neither" for word in said)
    agreement = rows(con, "from group_agreement where analysis = 'study' and change = 'first'")
    assert len(agreement) == 6
    assert sum(r["n"] for r in agreement) == union["n_union"]
    assert sum(r["share"] for r in agreement) == pytest.approx(1)


def test_overlap_of_contrasts_that_correlated_by_design_has_no_p(con) -> None:
    (row,) = rows(
        con,
        """
        from contrast_overlap where first_analysis = 'study' and second_analysis = 'study'
        and first_contrast = 'HP_3rd-1st' and second_contrast = 'HP_PP-3rd'
        and first_direction = 'any' and second_direction = 'any'
        """,
    )
    assert (row["n_first"], row["n_second"], row["n_both"]) == (1189, 1997, 723)
    assert row["correlated_by_design"]
    assert row["p_value"] is None
    independent = 1189 * 1997 / 13_456
    assert independent < row["expected"] < 723  # more than chance, even for contrasts that share


def test_contrasts_of_the_same_women_are_not_taken_as_independent(con) -> None:
    """They share no mean, but every woman's level lifts or lowers both."""
    (row,) = rows(
        con,
        """
        from contrast_overlap where first_analysis = 'logcpm' and second_analysis = 'logcpm'
        and first_contrast = 'MSvsHP_2nd' and second_contrast = 'MSvsHP_PP'
        and first_direction = 'any' and second_direction = 'any'
        """,
    )
    assert row["correlated_by_design"]
    assert row["p_value"] is None
    assert row["expected"] > 1.5 * row["n_first"] * row["n_second"] / row["n_universe"]


def test_activation_is_a_list_for_enrichment(con) -> None:
    found = rows(
        con,
        """
        from enrichment where analysis = 'voom_exact' and collection = 'contrasts'
        and test = 'camera' order by source_name, gene_set
        """,
    )
    assert {r["gene_set"] for r in found} == {"activation_down", "activation_up"}
    (n_up,) = rows(con, "select n_up from contrast_summary where analysis = 'activated'")
    assert n_up["n_up"] > 500
    assert {r["n_genes"] for r in found if r["gene_set"] == "activation_up"} == {n_up["n_up"]}


def test_modules_stand_on_the_rebound(con) -> None:
    (summary,) = rows(con, "from module_summary where analysis = 'study'")
    (union,) = rows(con, "select n_union from rebound_union where analysis = 'study'")
    assert (summary["mode"], summary["seed_weight"]) == ("paper", 10)
    assert summary["n_seeds"] == union["n_union"]
    genes = rows(con, "from module_gene where analysis = 'study' order by rank, gene_name")
    assert sum(g["is_seed"] for g in genes) == summary["n_seeds_in_network"]
    assert [g["rank"] for g in genes if not g["is_seed"]] == list(range(1, 201))
