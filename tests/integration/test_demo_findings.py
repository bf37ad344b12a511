"""Is what was planted behind the contrasts of the demo found: rebounds, sets, pairs, a module?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

from cohortmart.app.demo import write_demo
from tests.support.paths import ROOT

LEVEL = 0.05
GROUPS = ("HP", "MS")
PAIR = "3rd-1st/PP-3rd"
ANALYSES = ("rna_cd4", "rna_cd8", "methylation_cd4", "methylation_cd8")
RNA = ANALYSES[:2]
METHYLATION = ANALYSES[2:]
EVERY_LIST = [(analysis, group) for analysis in ANALYSES for group in GROUPS]


@pytest.fixture(scope="module")
def con(demo_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(demo_run / "warehouse.duckdb"), read_only=True)
    yield con
    con.close()


@pytest.fixture(scope="module")
def truth(demo_run: Path) -> dict[str, pl.DataFrame]:
    tables = ("genes", "probes", "gene_sets", "module")
    return {name: pl.read_csv(demo_run / "raw" / "truth" / f"{name}.csv") for name in tables}


def rows(con: duckdb.DuckDBPyConnection, query: str, *params: object) -> pl.DataFrame:
    return con.cursor().sql(query, params=list(params)).pl()


def features(truth: dict[str, pl.DataFrame], analysis: str) -> pl.DataFrame:
    """Truth of the features that an analysis tests, under `feature_id`."""
    if analysis in RNA:
        return truth["genes"].rename({"gene_id": "feature_id"})
    return truth["probes"].filter(~pl.col("filtered")).rename({"probe_id": "feature_id"})


def shares(found: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Share of the effects found, and share of false ones among what was found."""
    return float((found & real).sum() / real.sum()), float((found & ~real).sum() / found.sum())


def rebounds(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str, group: str
) -> pl.DataFrame:
    """Every feature's rebound beside its standard errors and the true changes."""
    found = rows(
        con,
        """
        select r.*, first.se as se_first, second.se as se_second, first.df_total
        from rebound as r
        inner join fct_contrast_result as first
            on r.analysis = first.analysis and r.first_contrast = first.contrast
            and r.feature_id = first.feature_id
        inner join fct_contrast_result as second
            on r.analysis = second.analysis and r.second_contrast = second.contrast
            and r.feature_id = second.feature_id
        where r.analysis = $1 and r.study_group = $2 and r.pair = $3
        """,
        analysis, group, PAIR,
    )  # fmt: skip
    columns = {"true_first": f"{group}_3rd-1st", "true_second": f"{group}_PP-3rd"}
    wanted = features(truth, analysis).select(
        "feature_id", "effect", *(pl.col(c).alias(name) for name, c in columns.items())
    )
    both = found.join(wanted, on="feature_id", validate="1:1")
    assert both.height == found.height == wanted.height
    return both


def predicted(table: pl.DataFrame, rng: np.random.Generator, n: int = 60) -> np.ndarray:
    """Power and false discovery rate of the rebound test, drawn from its theory, shape (n, 2)."""
    names = ("true_first", "true_second", "se_first", "se_second", "amplitude_se", "df_total")
    first, second, se1, se2, se, df = (table[c].to_numpy() for c in names)
    # Var((b1 - b2) / 2) = (se1^2 + se2^2 - 2 cov) / 4
    correlation = (se1**2 + se2**2 - 4 * se**2) / (2 * se1 * se2)
    real = first * second < 0
    out = []
    for _ in range(n):
        z1, z2 = rng.normal(size=(2, len(se)))
        z2 = correlation * z1 + np.sqrt(1 - correlation**2) * z2
        scale = np.sqrt(rng.chisquare(df) / df)
        t1, t2 = (first / se1 + z1) / scale, (second / se2 + z2) / scale
        p = 2 * stats.t.sf(np.minimum(np.abs(t1), np.abs(t2)), df)
        adjusted = stats.false_discovery_control(np.where(t1 * t2 < 0, p, 1.0))
        out.append(shares(adjusted < LEVEL, real))
    return np.array(out)


@pytest.mark.parametrize(("analysis", "group"), EVERY_LIST)
def test_rebounds_are_found_as_often_as_promised(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], rng: np.random.Generator,
    analysis: str, group: str,
) -> None:  # fmt: skip
    table = rebounds(con, truth, analysis, group)
    real = (table["true_first"] * table["true_second"] < 0).to_numpy()
    assert real.sum() >= 280
    found = (table["adj_p_rebound"] < LEVEL).to_numpy()
    assert (found == table["is_found"].to_numpy()).all()
    power, false = shares(found, real)
    expected = predicted(table, rng)
    assert expected[:, 0].min() - 0.03 <= power <= expected[:, 0].max() + 0.03
    assert false <= min(expected[:, 1].max() + 0.01, LEVEL)
    # what was found goes the way that was planted
    planted = pl.when(pl.col("true_first") > 0).then(pl.lit("up-down")).otherwise(pl.lit("down-up"))
    hits = table.filter(pl.Series(found & real))
    assert (hits["class"] == hits.select(planted).to_series()).all()
    assert set(hits["class"]) == {"up-down", "down-up"}


@pytest.mark.parametrize("analysis", ANALYSES)
def test_groups_differ_where_only_women_with_ms_rebound(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str
) -> None:
    table = rows(con, "select * from rebound_group where analysis = $1", analysis)
    table = table.join(features(truth, analysis).select("feature_id", "effect"), on="feature_id")
    assert set(table["study_group"]) == {"MS"}
    real = table["effect"].str.starts_with("ms_rebound").to_numpy()
    _, false = shares(table["differs"].to_numpy(), real)
    assert table.filter("differs", pl.Series(real)).height >= 10
    assert false <= 0.1
    # being found in one group alone says much less
    alone = (table["detected_in"] == "MS only").to_numpy()
    assert shares(alone, real)[1] > 0.2


@pytest.mark.parametrize("analysis", ANALYSES)
def test_the_two_changes_correlate_beyond_chance(
    con: duckdb.DuckDBPyConnection, analysis: str
) -> None:
    table = rows(
        con,
        """
        select * from contrast_correlation
        where analysis = $1 and (first_contrast, second_contrast) in
            (('HP_3rd-1st', 'HP_PP-3rd'), ('MS_3rd-1st', 'MS_PP-3rd'))
        """,
        analysis,
    )
    assert table.height == 2
    assert (table["p_value"] < 0.01).all()
    assert (table["r"] < table["no_effect_low"]).all()
    assert table["r_no_effect"].is_between(-0.65, -0.35).all()
    assert set(table["reading"]) == {"stronger than chance"}


def planted_sets(truth: dict[str, pl.DataFrame]) -> dict[str, str]:
    """Name the set of each kind."""
    chosen = truth["gene_sets"].filter(pl.col("planted") != "none")
    return dict(chosen["planted", "gene_set"].iter_rows())


@pytest.mark.parametrize(("analysis", "group"), EVERY_LIST)
def test_the_planted_sets_are_enriched_among_the_rebounds(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str, group: str
) -> None:
    table = rows(
        con,
        """
        select direction, gene_set, adj_p_value, odds_ratio from enrichment
        where analysis = $1 and source = 'rebound' and source_name = $2
        """,
        analysis, f"{PAIR}, {group}",
    )  # fmt: skip
    assert set(table["direction"]) == {"any", "up-down", "down-up"}
    enriched = {
        way: set(table.filter(pl.col("adj_p_value") < LEVEL, direction=way)["gene_set"])
        for way in ("any", "up-down", "down-up")
    }
    sets = planted_sets(truth)
    assert {sets["up-down"], sets["down-up"], sets["mixed"]} <= enriched["any"]
    assert sets["disease"] in enriched["any"]
    # promoters go the other way than their gene
    turned = {"up-down": "down-up", "down-up": "up-down"}
    for way in turned:
        seen = turned[way] if analysis in METHYLATION else way
        assert sets[way] in enriched[seen]
        assert sets[way] not in enriched[turned[seen]]
    assert all(len(names - set(sets.values())) <= 2 for names in enriched.values())


def test_few_other_sets_are_enriched(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame]
) -> None:
    table = rows(con, "select * from enrichment")
    others = table.filter(~pl.col("gene_set").is_in(list(planted_sets(truth).values())))
    assert others.height > 4500
    assert (others["adj_p_value"] < LEVEL).sum() <= 15


@pytest.mark.parametrize("analysis", RNA)
@pytest.mark.parametrize("test", ["camera", "gsea"])
def test_ranked_genes_show_the_sets_that_go_one_way(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str, test: str
) -> None:
    score = {"camera": "z", "gsea": "normalised_score"}[test]
    table = rows(
        con,
        f"select source_name, gene_set, {score} as score, adj_p_value from enrichment "
        "where analysis = $1 and test = $2",
        analysis, test,
    )  # fmt: skip
    sets = planted_sets(truth)
    assert len(set(table["source_name"])) == 4
    for group in GROUPS:
        for contrast, sign in (("3rd-1st", 1), ("PP-3rd", -1)):
            of_contrast = table.filter(source_name=f"{group}_{contrast}")
            for way, direction in (("up-down", sign), ("down-up", -sign)):
                (row,) = of_contrast.filter(gene_set=sets[way]).to_dicts()
                assert row["score"] * direction > 0
                assert row["adj_p_value"] < LEVEL
            # as many of its genes go up as down, which a ranking by direction cannot see
            (row,) = of_contrast.filter(gene_set=sets["mixed"]).to_dicts()
            assert row["adj_p_value"] > LEVEL


def linked(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str, contrast: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the CpG-gene pairs found, and those planted; both with `is_planted`."""
    pairs = rows(
        con, "select * from dmp_deg where analysis = $1 and contrast = $2", analysis, contrast
    )
    # probes that tell the cells apart move with the genes that follow the cells
    markers = truth["probes"].filter(pl.col("effect") == "cells")["probe_id"]
    pairs = pairs.filter(~pl.col("probe_id").is_in(markers))
    planted = truth["probes"].filter(
        pl.col(contrast) != 0, ~pl.col("filtered"), pl.col("effect") != "cells"
    )
    planted = planted.select(
        "probe_id", pl.col("linked_gene").alias("gene_name"), pl.lit(True).alias("is_planted")
    )
    keys = ["probe_id", "gene_name"]
    found = pairs.join(planted, on=keys, how="left").with_columns(
        pl.col("is_planted").fill_null(False)
    )
    return found, planted


@pytest.mark.parametrize("analysis", METHYLATION)
@pytest.mark.parametrize("contrast", ["HP_3rd-1st", "MS_3rd-1st", "MS_PP-3rd"])
def test_promoters_are_paired_with_their_genes(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str, contrast: str
) -> None:
    found, planted = linked(con, truth, analysis, contrast)
    expression = analysis.replace("methylation", "rna")
    assert set(found["expression_analysis"]) == {expression}
    # a pair is found where its probe and its gene are
    where = "where analysis = $1 and contrast = $2"
    probes = rows(con, f"select probe_id from dmp {where}", analysis, contrast)
    genes = rows(con, f"select gene_id from deg {where}", expression, contrast)
    genes = genes.join(truth["genes"], on="gene_id").select("gene_name")
    expected = planted.join(probes, on="probe_id").join(genes, on="gene_name")
    keys = ["probe_id", "gene_name"]
    assert set(found.filter("is_planted")[keys].iter_rows()) == set(expected[keys].iter_rows())
    assert expected.height > 0.4 * planted.height
    assert (~found["is_planted"]).mean() <= LEVEL


@pytest.mark.parametrize("analysis", METHYLATION)
def test_a_promoter_and_its_gene_move_against_each_other_within_women(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str
) -> None:
    found, _ = linked(con, truth, analysis, "MS_3rd-1st")
    pairs = found.filter("is_planted")
    assert set(pairs["direction"]) == {
        "promoter up, expression down", "promoter down, expression up"
    }  # fmt: skip
    assert (pairs["methylation_log_fc"] * pairs["expression_log_fc"] < 0).all()
    assert pairs["is_promoter"].all()
    assert set(pairs["regions"]) == {"TSS200"}
    assert (pairs["r_within"] < 0).mean() > 0.95
    assert (pairs["adj_p_within"] < LEVEL).mean() > 0.8
    assert (pairs["df_within"] == pairs["n_visits"] - pairs["n_subjects"] - 1).all()


@pytest.mark.parametrize("analysis", RNA)
def test_the_neighbourhood_of_the_rebound_genes_is_found(
    con: duckdb.DuckDBPyConnection, truth: dict[str, pl.DataFrame], analysis: str
) -> None:
    (summary,) = rows(con, "select * from module_summary where analysis = $1", analysis).to_dicts()
    assert summary["n_added"] == 50
    assert summary["p_value"] < 0.01
    assert summary["z"] > 3
    assert summary["stability"] > 0.6
    genes = rows(con, "select * from module_gene where analysis = $1", analysis)
    effect = dict(truth["genes"]["gene_name", "effect"].iter_rows())
    seeds = genes.filter("is_seed")["gene_name"]
    # genes that follow the cells swing back, too
    swinging = [gene for gene in seeds if "rebound" in effect[gene] or "cells" in effect[gene]]
    assert len(swinging) > 0.95 * len(seeds)
    added = set(genes.filter(~pl.col("is_seed"))["gene_name"])
    members = truth["module"]
    assert len(added & set(members["gene_name"])) > 0.8 * len(added)
    # some of which no test of expression could find
    assert len(added & set(members.filter("hidden")["gene_name"])) > 15


def test_both_cell_types_grow_the_same_module(con: duckdb.DuckDBPyConnection) -> None:
    (overlap,) = rows(con, "select * from module_overlap").to_dicts()
    assert (overlap["first_analysis"], overlap["second_analysis"]) == RNA
    assert overlap["n_both"] > 0.7 * overlap["n_first"]
    assert overlap["p_value"] < 1e-100


@pytest.fixture(scope="module")
def null_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of `cohortmart run` on a study in which nothing happens."""
    out = tmp_path_factory.mktemp("null") / "null"
    study = write_demo(out / "raw", effects=False)
    command = [sys.executable, "-m", "cohortmart.app.cli", "run", str(study), "--out", str(out)]
    command.append("--no-report")
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.mark.slow
def test_nothing_rebounds_in_a_study_without_effects(null_run: Path) -> None:
    con = duckdb.connect(str(null_run / "warehouse.duckdb"), read_only=True)
    everything = rows(con, "select * from rebound_summary")
    assert (everything["n_default"] == 0).all()
    of_many = pl.col("analysis").is_in([*RNA, *METHYLATION])
    summary = everything.filter(of_many)
    assert summary.height == len(EVERY_LIST)
    # the paper's rule finds some by chance alone, beside it in the same table
    share = summary["n_paper"].sum() / summary["n_tested"].sum()
    print(summary.select("analysis", "study_group", "n_tested", "n_default", "n_paper"))
    assert 0.003 < share < 0.02
    correlations = rows(
        con,
        """
        select c.* from contrast_correlation as c
        inner join dim_rebound_pair as p
            on c.analysis = p.analysis and c.first_contrast = p.first_contrast
            and c.second_contrast = p.second_contrast
        """,
    ).filter(of_many)
    assert correlations.height == len(EVERY_LIST)
    assert (correlations["r"] < -0.3).all()
    assert (correlations["reading"] == "no different from chance").sum() >= 6
    assert rows(con, "select * from module_gene").is_empty()
    enriched = rows(con, "select * from enrichment where adj_p_value < 0.05")
    assert enriched.height <= 5
    con.close()
