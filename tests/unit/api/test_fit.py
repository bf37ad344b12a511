"""`fit` on arrays: what it takes, what it gives, and what it refuses."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmart.api.fit import Fit, fit
from cohortmart.core.errors import AnalysisError

CHANGE = {"drug_w4-w0": "drug.w4 - drug.w0", "drugvsplacebo_w4": "drug.w4 - placebo.w4"}
MODEL = {"means": ["group", "timepoint"], "block": "subject"}


def trial(seed: int = 1, n_people: int = 12, n_features: int = 40) -> tuple[np.ndarray, Any]:
    """Return values and samples of a trial with two visits; feature 0 rises by 2 with the drug."""
    rng = np.random.default_rng(seed)
    rows = [(f"p{i:02d}", ("placebo", "drug")[i % 2], w) for i in range(n_people)
            for w in ("w0", "w4")]  # fmt: skip
    samples = pl.DataFrame(rows, schema=["subject", "group", "timepoint"], orient="row")
    of_person = np.repeat(rng.normal(size=(n_features, n_people)), 2, axis=1)
    values = of_person + rng.normal(scale=0.5, size=(n_features, 2 * n_people))
    treated = (samples["group"] == "drug") & (samples["timepoint"] == "w4")
    values[0] += 2.0 * treated.to_numpy()
    return values, samples.with_columns(age=rng.uniform(20, 60, samples.height))


def fitted(values: Any, samples: Any, **changed: Any) -> Fit:
    return fit(values, samples, **({"model": MODEL, "contrasts": CHANGE} | changed))


def test_planted_change_is_found_and_said() -> None:
    values, samples = trial()
    made = fitted(values, samples, features=[f"g{i}" for i in range(40)])
    top = made.top("drug_w4-w0", 3)
    assert top["feature_id"][0] == "g0"
    assert top["adj_p_value"][0] < 1e-4
    assert top["adj_p_value"][1] > 0.05
    assert top["ci_low"][0] < 2.0 < top["ci_high"][0]
    assert made.contrasts.row(0, named=True) == {
        "contrast": "drug_w4-w0",
        "expression": "drug.w4 - drug.w0",
        "meaning": "change from w0 to w4 in drug",
        "n_samples": 12,
        "n_subjects": 6,
        "n_complete": 6,
        "kind": "within",
    }
    assert 0.5 < (made.correlation or 0) < 0.95
    assert made.design.columns == ["sample_id", "placebo.w0", "placebo.w4", "drug.w0", "drug.w4"]
    assert made.joint["test"].unique().to_list() == ["all contrasts"]
    assert repr(made) == "<Fit of 40 features x 24 samples, 2 contrasts>"


def test_t_and_interval_of_two_groups_by_hand() -> None:
    """One feature shrinks towards itself only where the prior says nothing: s2_post between."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(50, 8))
    samples = {"group": ["a"] * 4 + ["b"] * 4}
    made = fit(values, samples, model="0 + group", contrasts={"b-a": "groupb - groupa"})
    difference = values[:, 4:].mean(axis=1) - values[:, :4].mean(axis=1)
    np.testing.assert_allclose(made.table["log_fc"], difference, atol=1e-12)
    spread = np.sqrt(made.table["s2_post"].to_numpy() * (1 / 4 + 1 / 4))
    np.testing.assert_allclose(made.table["se"], spread, rtol=1e-12)
    np.testing.assert_allclose(made.table["t"], difference / spread, rtol=1e-10)
    assert made.correlation is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_order_of_samples_changes_nothing(seed: int, missing: bool) -> None:
    values, samples = trial(seed)
    rng = np.random.default_rng(seed)
    if missing:
        values[rng.random(values.shape) < 0.05] = np.nan
    order = rng.permutation(samples.height)
    orders = {"groups": ["placebo", "drug"], "timepoints": ["w0", "w4"]}
    first = fitted(values, samples, **orders).table
    second = fitted(values[:, order], samples[order.tolist()], **orders).table
    for column in ("log_fc", "t", "p_value", "df_total"):
        np.testing.assert_allclose(first[column], second[column], rtol=1e-7, atol=1e-9)


def test_missing_values_are_left_out_of_their_feature() -> None:
    values, samples = trial()
    values[3, 5] = np.nan
    model = {"means": ["group", "timepoint"]}
    made = fitted(values, samples, model=model).table.filter(feature_id="3")
    keep = np.arange(24) != 5
    left = fitted(values[:, keep], samples.filter(pl.Series(keep)), model=model)
    np.testing.assert_allclose(
        made["log_fc"], left.table.filter(feature_id="3")["log_fc"], rtol=1e-10
    )


def test_weights_of_samples_are_rows_of_weights() -> None:
    values, samples = trial()
    of_samples = np.linspace(0.5, 2.0, 24)
    one = fitted(values, samples, weights=of_samples).table
    each = fitted(values, samples, weights=np.tile(of_samples, (40, 1))).table
    np.testing.assert_allclose(one["t"], each["t"], rtol=1e-9)
    plain = fitted(values, samples).table
    assert not np.allclose(one["t"], plain["t"])
    equal = fitted(values, samples, weights=np.full(24, 3.0)).table
    np.testing.assert_allclose(equal["t"], plain["t"], rtol=1e-8)


def test_array_weights_find_the_bad_sample() -> None:
    values, samples = trial()
    values[:, 7] += np.random.default_rng(9).normal(scale=4.0, size=40)
    made = fitted(values, samples, array_weights=True)
    assert made.sample_weights is not None
    assert int(np.argmin(made.sample_weights)) == 7


def test_missing_values_ask_for_a_prior_by_likelihood() -> None:
    values, samples = trial()
    assert fitted(values, samples).variance_prior == "moments"
    values[3, 5] = np.nan
    made = fitted(values, samples)
    assert made.variance_prior == "likelihood"
    old = fitted(values, samples, moderation={"prior": "moments"})
    assert old.variance_prior == "moments"
    assert old.table["df_prior"][0] != made.table["df_prior"][0]
    assert fitted(values, samples, contrast_errors="limma").variance_prior == "moments"


def test_options_are_those_of_study_yml() -> None:
    values, samples = trial()
    plain = fitted(values, samples).table
    trend = fitted(values, samples, moderation={"trend": True}).table
    assert plain["df_prior"].n_unique() == trend["df_prior"].n_unique() == 1
    assert trend["s2_prior"].n_unique() > 1
    least = fitted(values, samples, moderation={"minimum_log_fc": 0.5}).table
    assert (least["p_value"] >= plain["p_value"]).all()
    joint = fitted(values, samples, joint_tests={"both": ["drug_w4-w0", "drugvsplacebo_w4"]}).joint
    assert joint["test"].unique(maintain_order=True).to_list() == ["all contrasts", "both"]
    own = fitted(values, samples, model=MODEL | {"correlation": "per_feature"})
    assert own.correlation is None
    assert own.table["df_total"].n_unique() > 1


def test_betas_have_a_delta_beta() -> None:
    values, samples = trial()
    betas = 1 / (1 + np.exp(-values / 4))
    made = fitted(betas, samples, response="m_value").table
    direct = fitted(betas, samples, response="beta").table
    np.testing.assert_allclose(made["delta_beta"], direct["log_fc"], atol=1e-3)
    assert made["log_fc"][0] > made["delta_beta"][0] > 0


def test_families_and_order_of_levels() -> None:
    values, samples = trial()
    made = fitted(values, samples, contrasts={"time_within_group": "all", "interaction": "all"})
    assert made.contrasts["contrast"].to_list() == [
        "placebo_w4-w0", "drug_w4-w0", "drugvsplacebo_w4-w0",
    ]  # fmt: skip
    turned = samples.with_columns(pl.col("group").cast(pl.Enum(["drug", "placebo"])))
    made = fitted(values, turned, contrasts={"group_within_time": "all"})
    assert made.contrasts["contrast"].to_list() == ["placebovsdrug_w0", "placebovsdrug_w4"]
    weeks = samples.with_columns(timepoint=pl.Series([10, 2] * 12))
    made = fitted(values, weeks, contrasts={"time_within_group": "all"})
    assert made.contrasts["contrast"].to_list() == ["placebo_10-2", "drug_10-2"]
    days = samples.with_columns(timepoint=pl.Series([date(2024, 3, 1), date(2024, 1, 9)] * 12))
    made = fitted(values, days, contrasts={"time_within_group": "all"})
    assert made.contrasts["expression"][0].index("2024-03-01") < 20


def test_names_of_dim_sample_and_of_the_caller() -> None:
    values, samples = trial()
    expected = fitted(values, samples).table
    warehouse = samples.rename({"subject": "subject_id", "group": "study_group"})
    assert fitted(values, warehouse).table.equals(expected)
    own = samples.rename({"group": "arm", "subject": "who"})
    roles = {"group": "arm", "subject": "who"}
    assert fitted(values, own, roles=roles).table.equals(expected)
    both = samples.with_columns(study_group=pl.lit("x"))
    assert fitted(values, both.drop("group"), roles={"group": "study_group"},
                  model="timepoint", contrasts={"x": "timepointw4"}).table.height == 40  # fmt: skip


def test_curve_leaves_out_samples_without_a_time() -> None:
    values, samples = trial()
    week = [0.0, 4.0, None, *np.linspace(1, 9, 21)]
    made = fitted(
        values,
        samples.with_columns(week=pl.Series(week)),
        model={"curve": {"of": "week", "by": None, "knots": [1, 5, 9]}},
        contrasts={"9-1": "week.9 - week.1"},
    )
    assert made.samples.height == 23
    assert any("week" in note for note in made.notes)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"contrasts": {"x": "drug.w44 - drug.w0"}}, "did you mean `drug.w4`"),
        ({"contrasts": {}}, "`contrasts` cannot be used"),
        ({"response": "counts"}, "`response` cannot be used"),
        ({"model": {"mean": ["group"]}}, "`model.mean` cannot be used"),
        ({"modration": {}}, "did you mean `moderation`"),
        ({"features": ["a"]}, "every row of the values needs a name"),
        ({"roles": {"group": "arm"}}, "have no column `arm`"),
        ({"roles": {"grup": "group"}}, "no role of a sample"),
        ({"groups": ["placebo"]}, "does not have all that the samples have"),
        ({"weights": [1.0, 2.0]}, "the weights do not fit"),
        ({"weights": np.zeros(24)}, "the weights are not all above 0"),
        ({"weights": np.ones(24), "array_weights": True}, "`array_weights` would make weights"),
        ({"response": "voom"}, "some counts are below 0"),
        ({"response": "m_value"}, "some betas are outside"),
    ],
)
def test_arguments_that_do_not_fit(changed: dict[str, Any], said: str) -> None:
    values, samples = trial()
    with pytest.raises(AnalysisError) as caught:
        fitted(values, samples, **changed)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((24, 40)), r"transpose them: values\.T"),
        (np.zeros(24), "not one row a feature"),
        (np.full((3, 24), np.inf), "not all finite"),
        ([["a"] * 24], "not all numbers"),
        (np.log2(1 + np.random.default_rng(1).poisson(50, (200, 24))), "needs counts"),
    ],
)
def test_values_that_do_not_fit(values: Any, said: str) -> None:
    _, samples = trial()
    with pytest.raises(AnalysisError, match=said):
        fitted(values, samples, response="voom" if "counts" in said else "measured")


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (pl.DataFrame({"group": []}), "there are no samples"),
        (pl.DataFrame({"sample": ["a"] * 24}), "a several times"),
        (pl.DataFrame({"group": ["a"] * 24, "study_group": ["a"] * 24}), "have both"),
        (pl.DataFrame({"x": [[1]] * 24}), "of type List"),
    ],
)
def test_samples_that_do_not_fit(samples: pl.DataFrame, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        fitted(np.zeros((3, samples.height)), samples)


def test_voom_takes_its_span() -> None:
    values, samples = trial()
    counts = np.rint(np.exp(values + 5))
    usual, wide = (
        fitted(counts, samples, response="voom", voom=voom).table["t"]
        for voom in ({}, {"span": "adaptive"})
    )
    assert np.abs(usual - wide).max() > 1e-4


def test_voom_and_weights() -> None:
    values, samples = trial()
    with pytest.raises(AnalysisError, match="voom makes weights of its own"):
        fitted(np.rint(np.exp(values + 5)), samples, weights=np.ones(24), response="voom")


def test_contrast_that_is_not_there() -> None:
    values, samples = trial()
    with pytest.raises(AnalysisError, match=r"did you mean `drug_w4-w0`"):
        fitted(values, samples).top("drug_w4_w0")


def test_values_of_the_caller_stay_as_they_are() -> None:
    values, samples = trial()
    before, frame = values.copy(), samples.clone()
    fitted(values, samples, weights=np.ones(values.shape))
    np.testing.assert_array_equal(values, before)
    assert samples.equals(frame)
