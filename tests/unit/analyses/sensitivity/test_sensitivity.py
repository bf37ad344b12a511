"""Hits under other models: planted truths, and each variant against the analysis it stands for."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from analyses.fit import prepare as prepare_module
from analyses.fit.prepare import Preparation
from analyses.sensitivity import tables as tables_module
from analyses.sensitivity.tables import sensitivity_tables
from analyses.stats.batch.combat import combat
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.finding_tables import SENSITIVITY
from cohortmart.core.study.records import Study
from tests.support.sensitivity_study import (
    CONTRASTS,
    FAKE,
    GENES,
    TRUE,
    InBlocks,
    samples,
    study,
    values,
    warehouse,
)

KEYS = ["variant", "contrast", "feature_id"]
NUMBERS = ["log_fc", "se", "t", "p_value", "adj_p_value"]


def run(
    monkeypatch: pytest.MonkeyPatch,
    of: Study,
    given: Any = None,
    sheet: pl.DataFrame | None = None,
    n_variants: int | None = None,
) -> tuple[pl.DataFrame, list[str]]:
    """Give the rows of the table, of all variants or the first ones, and what was said."""
    sheet = samples() if sheet is None else sheet
    con = warehouse(monkeypatch, sheet, InBlocks(values(sheet)) if given is None else given)
    said: list[str] = []
    made = sensitivity_tables(Preparation(con, of, "main"), said.append)
    pieces = list(itertools.islice(made, n_variants))
    assert all(piece.schema == SENSITIVITY for piece in pieces)
    return pl.concat([pl.from_arrow(piece) for piece in pieces]), said


def holding(rows: pl.DataFrame, feature: str, contrast: str = "3rd-1st") -> dict[str, bool | None]:
    chosen = rows.filter((pl.col("feature_id") == feature) & (pl.col("contrast") == contrast))
    return dict(zip(chosen["variant"], chosen["holds"], strict=True))


def test_a_hit_of_the_batch_falls_and_a_true_one_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = run(monkeypatch, study())
    fake, true = holding(rows, FAKE), holding(rows, TRUE)
    assert list(true) == [
        "as analysed", "batch in the model", "ComBat first", "subject as fixed effect",
        "own correlation per feature", "with age", "with viability", "with site",
    ]  # fmt: skip
    assert fake["as analysed"]
    assert not fake["batch in the model"]
    assert not fake["ComBat first"]
    assert fake["subject as fixed effect"]  # which knows nothing of the batch
    assert all(true.values())


def test_a_variant_of_the_same_model_shares_what_was_prepared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet, made, n_read = samples(), [], 0
    con = warehouse(monkeypatch, sheet, None)

    def read_counts(*_: Any) -> str:
        nonlocal n_read
        n_read += 1
        return "counts"

    def values_of(*given: Any) -> InBlocks:
        made.append(given[3].model)
        ids = given[4]["sample_id"].to_list()
        assert given[8](given[0], "main", given[3], ids, given[5].expression_groups) == "counts"
        return InBlocks(values(sheet))

    monkeypatch.setattr(prepare_module, "values_of", values_of)
    monkeypatch.setattr(prepare_module, "normalised_counts", read_counts)
    of = study()
    preparation = Preparation(con, of, "main")
    assert preparation.inputs() is preparation.inputs()
    variants = {t["variant"][0].as_py() for t in sensitivity_tables(preparation, lambda _: None)}
    # ComBat first has the values of the analysis, own correlations its consensus, too
    assert len(made) == len(variants) - 2
    assert made[0] == of.analyses["main"].model
    assert made[0] not in made[1:]
    assert n_read == 1


def test_the_same_with_the_batch_in_the_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    model = {"means": ["group", "timepoint"], "covariates": ["batch"], "block": "subject"}
    options = {"batch": "batch", "top": 3, "features": [FAKE, TRUE]}
    rows, _ = run(monkeypatch, study({"model": model, "sensitivity": options}))
    fake = holding(rows, FAKE)
    assert list(fake)[:3] == ["as analysed", "without batch", "ComBat first"]
    assert "batch in the model" not in fake
    assert (fake["as analysed"], fake["without batch"]) == (False, True)
    assert all(holding(rows, TRUE).values())


def test_a_hit_that_turns_round_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = samples()
    y = values(sheet)
    late, second = (sheet["timepoint"] == "3rd").to_numpy(), (sheet["batch"] == "B").to_numpy()
    y[GENES.index(TRUE)] += 12.0 * second - 6.0 * late  # 3 - 6, and half of 12 by the batch
    changes = {"thresholds": {"p": 0.5}}
    rows, _ = run(monkeypatch, study(changes), InBlocks(y), n_variants=2)
    first, other = (
        r
        for r in rows.iter_rows(named=True)
        if (r["feature_id"], r["contrast"]) == (TRUE, "3rd-1st")
    )
    assert first["log_fc"] > 0 > other["log_fc"]
    assert max(first["p_value"], other["p_value"]) < 0.5
    assert (first["holds"], other["holds"]) == (True, False)


def test_a_term_that_the_model_explains_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = {
        "model": {"means": ["group", "timepoint"], "within": "subject"},
        "contrasts": {"3rd-1st": CONTRASTS["3rd-1st"]},
    }
    rows, said = run(monkeypatch, study(changes))
    assert not {"with age", "with site"} & set(rows["variant"])
    assert "with viability" in set(rows["variant"])
    assert [line.split("`")[1] for line in said[:-1]] == ["with age", "with site"]


def test_what_a_variant_cannot_estimate_has_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, said = run(monkeypatch, study())
    faults = rows.filter(pl.col("fault").is_not_null())
    assert set(faults.select("variant", "contrast").unique().iter_rows()) == {
        ("subject as fixed effect", "MSvsHP_1st"),
        ("with site", "MSvsHP_1st"),
    }
    assert all(faults[name].null_count() == faults.height for name in [*NUMBERS, "holds"])
    assert not any("analysis main" in fault for fault in faults["fault"])
    assert rows.filter(pl.col("fault").is_null())["holds"].null_count() == 0
    assert "under 7 other models, 2 of which not for every contrast" in said[-1]


def test_each_variant_is_the_analysis_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    means = ["group", "timepoint"]
    rows, _ = run(monkeypatch, study())
    for variant, model in {
        "batch in the model": {"covariates": ["batch"], "block": "subject"},
        "with viability": {"covariates": ["viability"], "block": "subject"},
        "subject as fixed effect": {"within": "subject"},
        "own correlation per feature": {"block": "subject", "correlation": "per_feature"},
    }.items():
        names = rows["feature_id"].unique().to_list()
        kept = dict(CONTRASTS)
        if "within" in model:
            del kept["MSvsHP_1st"]
        changes = {
            "model": {"means": means, **model},
            "contrasts": kept,
            "sensitivity": {"top": 1, "features": names},
        }
        whole = run(monkeypatch, study(changes), n_variants=1)[0].drop("variant")
        own = rows.filter((pl.col("variant") == variant) & pl.col("fault").is_null())
        joined = own.join(whole, on=["contrast", "feature_id"], how="left", suffix="_2")
        assert own.height >= 5
        for name in [*NUMBERS, "n_samples"]:
            assert joined[name].to_list() == joined[f"{name}_2"].to_list(), (variant, name)


@pytest.mark.parametrize("weighted", [False, True])
def test_combat_first_is_the_analysis_of_adjusted_values(
    monkeypatch: pytest.MonkeyPatch, weighted: bool
) -> None:
    sheet = samples()
    y = values(sheet)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, y.shape) if weighted else None
    rows, _ = run(monkeypatch, study(), InBlocks(y, weights=weights), n_variants=3)
    late, ms = (sheet["timepoint"] == "3rd").to_numpy(), (sheet["study_group"] == "MS").to_numpy()
    keep = np.column_stack([late, ms, late & ms]).astype(float)
    adjusted = combat(y, sheet["batch"].to_list(), keep)
    features = rows["feature_id"].unique().to_list()
    changes = {"sensitivity": {"top": 1, "features": features}}
    given = InBlocks(adjusted, 300, weights)
    whole = run(monkeypatch, study(changes), given, n_variants=1)[0].drop("variant")
    own = rows.filter(pl.col("variant") == "ComBat first")
    joined = own.join(whole, on=["contrast", "feature_id"], how="left", suffix="_2")
    for name in NUMBERS:
        np.testing.assert_allclose(joined[name], joined[f"{name}_2"], rtol=1e-9)


def test_betas_are_adjusted_as_m_values(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = samples()
    m = (values(sheet) - 6.0) / 2.0
    beta = 1.0 / (1.0 + np.exp2(-m))
    of = study({"assay": "epic", "values": "beta"})
    rows, _ = run(monkeypatch, of, InBlocks(beta), n_variants=3)
    late, ms = (sheet["timepoint"] == "3rd").to_numpy(), (sheet["study_group"] == "MS").to_numpy()
    adjusted = combat(m, sheet["batch"].to_list(), np.column_stack([late, ms, late & ms]) * 1.0)
    back = 1.0 / (1.0 + np.exp2(-adjusted))
    own = rows.filter((pl.col("variant") == "ComBat first") & (pl.col("contrast") == "MSvsHP_1st"))
    row = GENES.index(TRUE)
    expected = back[row, ms & ~late].mean() - back[row, ~ms & ~late].mean()
    found = own.filter(pl.col("feature_id") == TRUE)["log_fc"].item()
    assert found == pytest.approx(expected, rel=1e-9)  # balanced, so the means of the samples


def test_rows_are_the_smallest_p_and_those_named(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"top": 4, "features": ["G150", "G002"], "contrasts": ["MSvsHP_1st"]}
    rows, _ = run(monkeypatch, study({"sensitivity": options}))
    everyone = {"top": 300, "contrasts": ["MSvsHP_1st"]}
    whole, _ = run(monkeypatch, study({"sensitivity": everyone}))
    first = whole.filter(pl.col("variant_order") == 0)
    adjusted = false_discovery_control(first["p_value"].to_numpy())
    np.testing.assert_allclose(first["adj_p_value"], adjusted, rtol=1e-12)
    best = first.sort("p_value")["feature_id"].to_list()[:4]
    expected = sorted({*best, "G150", "G002"})
    for _, piece in rows.group_by("variant", maintain_order=True):
        assert piece["feature_id"].to_list() == expected
    assert rows["contrast"].unique().to_list() == ["MSvsHP_1st"]
    assert rows["variant_order"].to_list() == sorted(rows["variant_order"].to_list())
    assert rows.join(whole, on=rows.columns, how="anti", nulls_equal=True).is_empty()


def test_a_feature_that_a_variant_lacks_has_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = samples()
    y = values(sheet)
    y[GENES.index(TRUE)] = np.nan  # nothing to estimate anywhere
    options = {"top": 2, "features": [TRUE]}
    rows, _ = run(monkeypatch, study({"sensitivity": options}), InBlocks(y), n_variants=2)
    lacking = rows.filter((pl.col("feature_id") == TRUE) & pl.col("fault").is_null())
    assert lacking["p_value"].null_count() == lacking["holds"].null_count() == lacking.height
    real = tables_module.fit_all
    n_calls = 0

    def shorter(*given: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        made = real(*given)
        if n_calls != 2:
            return made
        ids = [f"other {name}" if name == FAKE else name for name in GENES]
        return replace(made, feature_ids=tables_module.pa.array(ids))

    monkeypatch.setattr("analyses.sensitivity.refit.fit_all", shorter)
    n_calls = 1
    rows, _ = run(monkeypatch, study(), n_variants=2)
    lost = rows.filter((pl.col("feature_id") == FAKE) & (pl.col("variant_order") == 1))
    assert lost["log_fc"].null_count() == lost["holds"].null_count() == lost.height
    assert set(lost["fault"]) == {"the feature was not tested in this variant"}


def test_a_variant_that_fails_is_said_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet = samples().with_columns(batch=pl.Series(["C", *samples()["batch"].to_list()[1:]]))
    rows, _ = run(monkeypatch, study(), sheet=sheet, n_variants=3)
    faults = rows.filter(pl.col("fault").is_not_null() & (pl.col("variant") == "ComBat first"))
    assert faults.height == rows.filter(pl.col("variant_order") == 0).height
    assert "one sample" in faults["fault"][0]
    assert holding(rows, TRUE)["batch in the model"]


def test_one_analysis_gives_the_same_bytes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (run(monkeypatch, study(), n_variants=3)[0] for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"contrasts": ["3rd-1"]}, ("is no contrast of it", "did you mean `3rd-1st`?")),
        ({"batch": "Batch"}, ("is no category", "did you mean `batch`?")),
        ({"features": ["G007", "g008"]}, ("names g008", "did you mean `G008`?")),
        ({"features": ["G0077"]}, ("names G0077", "did you mean `G007`?")),
    ],
)
def test_what_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(AnalysisError, match="analysis main: `sensitivity") as caught:
        run(monkeypatch, study({"sensitivity": options}))
    assert all(word in str(caught.value) for word in words)
