"""Signatures of an analysis: rows, what is left out, refusals, what they depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

from analyses.fit.contrasts import contrast_results
from analyses.fit.prepare import Preparation
from analyses.signatures.signature_tables import SIGNATURES, signature_rows
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import Entry, switch_current
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home
from tests.support import sensitivity_study as small
from tests.support.sensitivity_study import GENES, InBlocks, warehouse

LISTED = GENES[:240]


def study(**changes: Any) -> Study:
    named = {"like": {"file": "/x/like.csv"}, "noise": {"file": "/x/noise.csv"}}
    return small.study({"signatures": named, "sensitivity": None, **changes})


def tables(seed: int = 3) -> pl.DataFrame:
    """One table that follows the second contrast, and one of noise; two genes nobody has."""
    rng = np.random.default_rng(seed)
    rows = small.samples()
    y = small.values(rows)
    ms = ((rows["study_group"] == "MS") & (rows["timepoint"] == "1st")).to_numpy()
    hp = ((rows["study_group"] == "HP") & (rows["timepoint"] == "1st")).to_numpy()
    change = (y[:, ms].mean(axis=1) - y[:, hp].mean(axis=1))[:240]
    parts = []
    for name, estimate in (
        ("like", change + rng.normal(0, 0.3, 240)),
        ("noise", rng.normal(0, 0.5, 240)),
    ):
        t = np.append(estimate / 0.3, [1.0, 1.0])
        words = [*LISTED, "OTHER1", "OTHER2"]
        p = 2 * stats.norm.sf(np.abs(t))
        parts.append(
            pl.DataFrame(
                {"signature": name, "listed_as": words, "feature": words,
                 "estimate": t * 0.3, "t": t, "p_value": p, "adj_p_value": p}
            )
        )  # fmt: skip
    return pl.concat(parts)


def run(
    monkeypatch: pytest.MonkeyPatch, of: Study, given: Any, signatures: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    con = warehouse(monkeypatch, small.samples(), given)
    preparation = Preparation(con, of, "main")
    _store(con, of, preparation)
    con.register("tables", (tables() if signatures is None else signatures).to_arrow())
    con.execute("create table signature_feature as from tables")
    said: list[str] = []
    made = signature_rows(con, preparation, said.append)
    found, matched = (
        pl.concat([pl.from_arrow(part) for part in made[name]])
        for name in ("signature_correlation", "signature_match")
    )
    return found, matched, said


def _store(con: duckdb.DuckDBPyConnection, of: Study, preparation: Preparation) -> None:
    """Put the fit where the step finds it."""
    inputs = preparation.inputs()
    results = contrast_results("main", of.analyses["main"], inputs)
    parts = []
    for j, contrast in enumerate(inputs.contrasts.names):
        se = results.fit.unscaled_sd[:, j] * np.sqrt(results.moderated.s2_post)
        parts.append(
            pl.DataFrame(
                {"analysis": "main", "contrast": contrast,
                 "feature_id": results.feature_ids.to_pylist(),
                 "log_fc": results.fit.estimate[:, j], "se": se,
                 "p_value": results.moderated.p_value[:, j],
                 "s2_prior": np.broadcast_to(results.prior.s2_prior, len(se)),
                 "df_prior": np.broadcast_to(results.prior.df_prior, len(se))}
            )
        )  # fmt: skip
    con.register("stored", pl.concat(parts).to_arrow())
    con.execute("create table new_contrast_result as from stored")
    con.execute("create table new_found as select * from stored where p_value < 0.1")
    con.execute("create table feature_gene (assay varchar, feature_id varchar, gene_name varchar)")


def test_rows_against_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    y = small.values(small.samples())
    found, matched, said = run(monkeypatch, study(), InBlocks(y))
    assert said == [
        f"signature {name}: 240 of 242 features are in the analysis, by feature_id"
        for name in ("like", "noise")
    ]
    assert found.select("contrast", "signature").rows() == [
        (c, s) for s in ("like", "noise") for c in small.CONTRASTS
    ]
    con_rows = found.filter((pl.col("signature") == "like") & (pl.col("contrast") == "MSvsHP_1st"))
    (row,) = con_rows.to_dicts()
    of = tables().filter((pl.col("signature") == "like") & pl.col("listed_as").is_in(LISTED))
    names = small.samples()["study_group"] + "." + small.samples()["timepoint"]
    mean = {n: y[:240, (names == n).to_numpy()].mean(axis=1) for n in ("MS.1st", "HP.1st")}
    change = mean["MS.1st"] - mean["HP.1st"]  # every person has both visits
    estimate = of["estimate"].to_numpy()
    assert row["r"] == pytest.approx(np.corrcoef(change, estimate)[0, 1], abs=1e-9)
    assert row["r_spearman"] == pytest.approx(stats.spearmanr(change, estimate).statistic, abs=1e-9)
    same = (np.sign(change) == np.sign(estimate)).mean()
    assert row["sign_agreement"] == pytest.approx(same)
    assert (row["n_listed"], row["n_matched"], row["n_features"]) == (242, 240, 240)
    assert row["n_signature_found"] == (of["adj_p_value"] < 0.05).sum()
    assert row["n_both_same_sign"] <= row["n_both"] <= row["n_found"]
    assert matched.height == 480
    assert matched["is_used"].all()
    assert matched.filter(pl.col("signature") == "like")["estimate"].to_list() == estimate.tolist()


def test_what_is_like_is_found_and_noise_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _, _ = run(monkeypatch, study(), InBlocks(small.values(small.samples())))
    p = {(r["signature"], r["contrast"]): r for r in found.to_dicts()}
    like = p["like", "MSvsHP_1st"]
    assert like["adj_p_value"] < 1e-3
    assert like["r"] > like["no_effect_high"] > 0 > like["no_effect_low"]
    assert max(like[f"{n}_p_value"] for n in ("r_spearman", "r_t", "sign_agreement")) < 0.01
    assert like["sign_agreement"] > like["sign_agreement_high"] > 0.5
    assert like["overlap_p_value"] < 0.01
    assert like["n_both"] > like["n_both_high"] >= like["n_both_expected"]
    assert p["noise", "MSvsHP_1st"]["adj_p_value"] > 0.05
    assert like["reading"] == "along the signature"
    assert p["noise", "MSvsHP_1st"]["reading"] == "no different from chance"
    adjusted = found.filter(pl.col("signature") == "like")
    both = stats.false_discovery_control(adjusted["p_value"].to_numpy())
    np.testing.assert_allclose(adjusted["adj_p_value"].to_numpy(), both)


def test_a_table_the_other_way_round_is_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = tables().with_columns(-pl.col("estimate"), -pl.col("t"))
    found, _, _ = run(monkeypatch, study(), InBlocks(small.values(small.samples())), turned)
    (row,) = found.filter(
        (pl.col("signature") == "like") & (pl.col("contrast") == "MSvsHP_1st")
    ).to_dicts()
    assert row["r"] < row["no_effect_low"]
    assert row["reading"] == "against the signature"


def test_features_with_missing_values_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    y = small.values(small.samples())
    y[:5, 3] = np.nan
    found, matched, said = run(monkeypatch, study(), InBlocks(y))
    whole = tables().filter(pl.col("listed_as").is_in(LISTED[5:]))
    fewer, _, _ = run(monkeypatch, study(), InBlocks(small.values(small.samples())), whole)
    assert "signature like: 5 features with missing values left out" in said
    assert set(found["n_features"]) == {235}
    assert matched["is_used"].to_list().count(False) == 10
    # the consensus correlation moves a little with five features, so not to the last digit
    np.testing.assert_allclose(found["r"].to_numpy(), fewer["r"].to_numpy(), atol=1e-3)


def test_too_few_features(monkeypatch: pytest.MonkeyPatch) -> None:
    few = tables().filter(pl.col("listed_as").is_in([*LISTED[:9], "OTHER1"]))
    found, _, said = run(monkeypatch, study(), InBlocks(small.values(small.samples())), few)
    assert "signature like: 9 features are too few to correlate anything" in said
    assert found["n_features"].to_list() == [9] * 4
    for name in ("r", "p_value", "adj_p_value", "r_spearman", "sign_agreement", "n_both"):
        assert found[name].null_count() == 4, name
    assert set(found["reading"]) == {"too few features"}


def test_weights_and_blocks_do_not_lose_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of one are none; the numbers do not depend on how the values come."""
    y = small.values(small.samples())
    plain, _, _ = run(monkeypatch, study(), InBlocks(y))
    ones, _, _ = run(monkeypatch, study(), InBlocks(y, 77, np.ones_like(y)))
    for name in ("r", "no_effect_sd", "no_effect_high", "p_value", "sign_agreement"):
        np.testing.assert_allclose(plain[name].to_numpy(), ones[name].to_numpy(), rtol=1e-6)
    monkeypatch.setattr("analyses.signatures.signature_tables._MOST_DOUBLE", 10)
    single, _, _ = run(monkeypatch, study(), InBlocks(y))
    np.testing.assert_array_equal(plain["p_value"].to_numpy(), single["p_value"].to_numpy())
    low = single["r_spearman_low"].to_numpy()
    np.testing.assert_allclose(plain["r_spearman_low"].to_numpy(), low, atol=1e-5)


def test_no_feature_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    other = tables().with_columns(pl.lit("cg").alias("listed_as") + pl.col("listed_as"))
    with pytest.raises(AnalysisError, match=r"the signature `like` \(like.csv\)"):
        run(monkeypatch, study(), InBlocks(small.values(small.samples())), other)


def test_no_residuals(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ValueError("without residual degrees of freedom nothing can be rotated")

    monkeypatch.setattr("analyses.signatures.signature_tables.ContrastSpace", refuse)
    with pytest.raises(AnalysisError, match="signatures cannot be compared: without residual"):
        run(monkeypatch, study(), InBlocks(small.values(small.samples())))


def test_what_it_depends_on(tmp_path: Path) -> None:
    """Another file of a signature, other columns and other thresholds make it anew."""
    home = Home(tmp_path)
    of = study()

    def depends(of: Study, path: str) -> Any:
        (home.lake / path).parent.mkdir(parents=True, exist_ok=True)
        (home.lake / path).touch()
        entries = [Entry("signature_row", "signature_row", path)]
        switch_current(home.lake, entries)
        return SIGNATURES.inputs(of, home, "main", SIGNATURES.options(of, "main"))

    before = depends(of, "signature_row/a.parquet")
    assert depends(of, "signature_row/a.parquet") == before
    assert depends(of, "signature_row/b.parquet") != before
    named = {"like": {"file": "/x/like.csv", "found": 0.1}, "noise": {"file": "/x/noise.csv"}}
    assert depends(study(signatures=named), "signature_row/a.parquet") != before
    moved = {"like": {"file": "/y/like.csv"}, "noise": {"file": "/x/noise.csv"}}
    assert depends(study(signatures=moved), "signature_row/a.parquet") == before
    assert SIGNATURES.options(small.study(), "main") is None
