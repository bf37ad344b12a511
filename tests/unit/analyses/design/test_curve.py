"""Time as a number: natural splines of a covariate, against R and against their definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analyses.design.cardinal_spline import cardinal_spline
from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.curve import samples_on_curve
from analyses.design.model_matrix import Design, build_design
from analyses.design.subject_pairs import ContrastPairs, describe_contrast
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Curve, Model
from cohortmart.core.study.records import Study
from tests.support.paths import DATA

FAMILIES = {"time_within_group": "all", "group_within_time": "all", "interaction": "all"}


@pytest.fixture
def study(study: Study) -> Study:
    sheet = study.samples[0].model_copy(update={"covariates": ("age", "pregnancy_week")})
    return study.model_copy(update={"samples": (sheet,)})


def with_weeks(weeks: Sequence[float], groups: Sequence[str], n_visits: int = 3) -> pl.DataFrame:
    n = len(weeks)
    return pl.DataFrame(
        {
            "sample_id": [f"s{i:03d}" for i in range(n)],
            "subject_id": [f"{g}{i // n_visits}" for i, g in enumerate(groups)],
            "study_group": list(groups),
            "timepoint": [("1st", "2nd", "3rd")[i % 3] for i in range(n)],
            "cell_type": ["CD8"] * n,
            "library_batch": ["AB"[i % 2] for i in range(n)],
            "age": [30.0 + (i * 7) % 11 for i in range(n)],
            "pregnancy_week": [float(w) for w in weeks],
        }
    )


@pytest.fixture
def samples() -> pl.DataFrame:
    """Three women of each group at three visits, weeks spread around 12, 24 and 36."""
    weeks = [w + d for d in (-2, 0, 2, -1, 1, 3) for w in (12, 24, 36)]
    return with_weeks(weeks, ["HP"] * 9 + ["MS"] * 9)


def build(samples: pl.DataFrame, study: Study, **model: object) -> Design:
    settings = {"curve": {"of": "pregnancy_week", "knots": [12, 24, 36]}, **model}
    return build_design(samples, Model.model_validate(settings), study, "analysis x")


def made(design: Design, study: Study, wanted: dict[str, str], **curve: object) -> Contrasts:
    model = Model.model_validate({"curve": {"of": "pregnancy_week", **curve}})
    return build_contrasts(design, wanted, model, study)


def f_test(design: Design, contrasts: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Wald form of the F test that contrasts of ordinary least squares are 0."""
    inverse = np.linalg.pinv(design.matrix.T @ design.matrix)
    b = inverse @ design.matrix.T @ y
    df = len(y) - design.rank
    s2 = ((y - design.matrix @ b) ** 2).sum() / df
    v = contrasts.T @ inverse @ contrasts
    n = np.linalg.matrix_rank(v)
    estimate = contrasts.T @ b
    f = float(estimate @ np.linalg.pinv(v, rcond=1e-10) @ estimate / n / s2)
    return float(n), f, float(stats.f.sf(f, n, df))


@pytest.mark.parametrize(("curve", "which"), [({"knots": [10, 18, 26, 34]}, "knots"), ({}, "df")])
def test_is_the_natural_spline_of_r(study: Study, curve: dict[str, object], which: str) -> None:
    of_r = pl.read_csv(DATA / "natural_spline.csv")
    table = with_weeks(of_r["x"].to_list(), of_r["g"].to_list())
    design = build(table, study, curve={"of": "pregnancy_week", **curve})
    y = of_r["y"].to_numpy()
    fitted = design.matrix @ np.linalg.lstsq(design.matrix, y, rcond=None)[0]
    np.testing.assert_allclose(fitted, of_r[f"fitted_{which}"], rtol=0, atol=1e-12)
    contrasts = made(design, study, FAMILIES)
    for name, family in (("curve", "time_within_group"), ("group_x_curve", "interaction")):
        columns = contrasts.matrix[:, list(contrasts.families[family])]
        expected = of_r[f"{name}_{which}"].drop_nulls().cast(pl.Float64).to_list()
        np.testing.assert_allclose(f_test(design, columns, y), expected, rtol=1e-9, err_msg=name)


@given(
    st.lists(st.integers(1, 4000), min_size=2, max_size=7, unique=True),
    st.lists(st.integers(1, 5000), min_size=1, max_size=20),
)
def test_coefficients_are_values_at_the_knots(knots: list[int], weeks: list[int]) -> None:
    k, x = np.sort(np.array(knots)) / 100.0, np.array(weeks) / 100.0
    columns = cardinal_spline(x, k)
    np.testing.assert_allclose(cardinal_spline(k, k), np.eye(len(k)), atol=1e-12)
    # constants and straight lines are natural splines of any knots
    size = np.abs(columns).max() + 1.0
    np.testing.assert_allclose(columns.sum(axis=1), 1.0, atol=1e-10 * size)
    np.testing.assert_allclose(columns @ k, x, atol=1e-10 * size * k[-1])
    # beyond the outer knots the columns are straight
    for outer, sign in ((k[0], -1.0), (k[-1], 1.0)):
        at = cardinal_spline(outer + sign * np.array([0.0, 1.0, 2.0]), k)
        np.testing.assert_allclose(at[0] - 2 * at[1] + at[2], 0.0, atol=1e-10 * np.abs(at).max())


def test_smooth_at_the_knots() -> None:
    k, step = np.array([3.0, 5.0, 11.0, 12.5]), 1e-4
    for knot in k:
        at = cardinal_spline(knot + step * np.arange(-2, 3), k)
        second = np.diff(at, 2, axis=0) / step**2
        np.testing.assert_allclose(second[0], second[2], atol=1e-2)
        if knot in (k[0], k[-1]):
            np.testing.assert_allclose(second[1], 0.0, atol=1e-2)


def test_names_follow_level_and_knot(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, covariates=["age"], block="subject")
    assert design.columns == ("HP.12", "HP.24", "HP.36", "MS.12", "MS.24", "MS.36", "age")
    assert design.mean_levels["MS.24"] == ("MS", "24")
    assert design.mean_labels is None
    assert design.expression_groups == ("HP",) * 9 + ("MS",) * 9
    assert design.notes == (
        "5 samples of 18 lie beyond the outer knots 12 and 36, where the curve is straight",
    )
    # at a knot the row picks its coefficient
    at = samples["pregnancy_week"].to_list().index(24.0)
    np.testing.assert_allclose(design.matrix[at, :6], [0, 1, 0, 0, 0, 0], atol=1e-12)
    one = build(samples, study, curve={"of": "pregnancy_week", "by": None, "knots": [12, 36.5]})
    assert one.columns == ("pregnancy_week.12", "pregnancy_week.36.5")
    np.testing.assert_allclose(one.matrix.sum(axis=1), 1.0)


def test_knots_from_quantiles_are_said(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, curve={"of": "pregnancy_week", "by": None, "df": 2})
    quantiles = np.quantile(samples["pregnancy_week"].to_numpy(), [0, 0.5, 1])
    assert design.columns == tuple(f"pregnancy_week.{q:g}" for q in quantiles)
    assert (
        "the knots of the curve are quantiles of `pregnancy_week`: 10, 24.5, 39"
        in (design.notes[0])
    )


def test_families_and_meanings(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study)
    contrasts = made(design, study, {**FAMILIES, "v": "HP.12"})
    assert contrasts.names == (
        "HP_24-12", "HP_36-12", "HP_36-24", "MS_24-12", "MS_36-12", "MS_36-24",
        "MSvsHP_12", "MSvsHP_24", "MSvsHP_36",
        "MSvsHP_24-12", "MSvsHP_36-12", "MSvsHP_36-24", "v",
    )  # fmt: skip
    assert contrasts.families["group_within_time"] == (6, 7, 8)
    meaning = dict(zip(contrasts.names, contrasts.meanings, strict=True))
    assert meaning["MS_36-12"] == "change from pregnancy week 12 to 36 in MS"
    assert meaning["MSvsHP_36"] == "MS minus HP at pregnancy week 36"
    assert meaning["MSvsHP_36-12"] == (
        "change from pregnancy week 12 to 36 in MS minus the same change in HP"
    )
    assert meaning["v"] == "value of the curve at pregnancy week 12 in HP"
    alone = build(samples, study, curve={"of": "pregnancy_week", "by": None, "knots": [12, 36]})
    one = made(alone, study, {"time_within_group": "all"}, by=None)
    assert one.names == ("pregnancy_week_36-12",)
    assert one.meanings == ("change from pregnancy week 12 to 36",)
    with pytest.raises(
        AnalysisError, match="`interaction: all` compares curves, and the model has one"
    ):
        made(alone, study, {"interaction": "all"}, by=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # one woman of HP has a single sample
        ("HP.36 - HP.12", ContrastPairs("within", 7, 3, 2)),
        ("MS.36 - HP.36", ContrastPairs("between", 16, 6, 0)),
        ("(MS.36 - MS.12) - (HP.36 - HP.12)", ContrastPairs("mixed", 16, 6, 5)),
        ("(MS.36 - MS.12 + HP.36 - HP.12) / 2", ContrastPairs("within", 16, 6, 5)),
    ],
)
def test_how_it_uses_the_people(
    samples: pl.DataFrame, study: Study, text: str, expected: ContrastPairs
) -> None:
    fewer = samples.filter(~pl.col("sample_id").is_in(["s000", "s002"]))
    design = build(fewer, study)
    weights = made(design, study, {"n": text}).matrix[:, 0]
    assert describe_contrast(design, weights, fewer) == expected


def test_curves_of_the_same_people(samples: pl.DataFrame, study: Study) -> None:
    both = pl.concat(
        [
            samples.with_columns(pl.lit(c).alias("cell_type"), pl.col("sample_id") + c)
            for c in ("CD4", "CD8")
        ]
    ).filter(~((pl.col("subject_id") == "HP0") & (pl.col("cell_type") == "CD8")))
    design = build(both, study, curve={"of": "pregnancy_week", "by": "cell_type", "df": 2})
    knot = design.columns[0].removeprefix("CD4.")
    weights = made(design, study, {"n": f"CD8.{knot} - CD4.{knot}"}).matrix[:, 0]
    assert describe_contrast(design, weights, both) == ContrastPairs("within", 33, 6, 5)


@pytest.fixture
def holes(samples: pl.DataFrame) -> pl.DataFrame:
    return samples.with_columns(
        pl.Series("pregnancy_week", [0.0, None, -3.0, float("nan"), *[20.0] * 14]),
        pl.Series("timepoint", ["PP", "BP", "BP", "PP", *["1st"] * 14]),
        pl.Series("visit_order", [5, 0, 0, 5, *[1] * 14]),
    )


def test_samples_without_a_week_are_left_out(
    holes: pl.DataFrame, samples: pl.DataFrame, study: Study
) -> None:
    positive = Curve(of="pregnancy_week", positive=True)
    on = samples_on_curve(holes, positive, study, "analysis x")
    assert on.samples["sample_id"].to_list() == [f"s{i:03d}" for i in range(4, 18)]
    assert on.note == (
        "4 of the 18 chosen samples have no positive `pregnancy_week` and are not on the curve "
        "(BP 2, PP 2)"
    )
    assert on.warning is None
    whole = samples_on_curve(samples, positive, study, "x")
    assert whole.samples is samples
    assert (whole.note, whole.warning) == (None, None)
    with pytest.raises(AnalysisError, match="no chosen sample has a positive"):
        samples_on_curve(holes.head(4), positive, study, "analysis x")
    with pytest.raises(AnalysisError, match="did you mean `pregnancy_week`"):
        samples_on_curve(samples, Curve(of="pregnancy_weak"), study, "analysis x")


def test_zero_and_less_are_times(holes: pl.DataFrame, study: Study) -> None:
    on = samples_on_curve(holes, Curve(of="pregnancy_week"), study, "analysis x")
    assert on.samples["sample_id"].to_list() == [
        "s000",
        "s002",
        *[f"s{i:03d}" for i in range(4, 18)],
    ]
    assert on.note == (
        "2 of the 18 chosen samples have no `pregnancy_week` and are not on the curve (BP 1, PP 1)"
    )
    assert on.warning is None


def test_zero_at_several_timepoints_is_doubted(holes: pl.DataFrame, study: Study) -> None:
    zeros = holes.with_columns(pl.Series("pregnancy_week", [0.0] * 3 + [None] + [20.0] * 14))
    on = samples_on_curve(zeros, Curve(of="pregnancy_week"), study, "analysis x")
    assert on.samples.height == 17
    assert on.warning is not None
    assert "is 0 at several timepoints (BP 2, PP 1)" in on.warning
    assert "`positive: true`" in on.warning
    with_code = Curve(of="pregnancy_week", positive=True)
    assert samples_on_curve(zeros, with_code, study, "analysis x").warning is None


def test_real_weeks(real_samples: pl.DataFrame, study: Study) -> None:
    curve = Curve(of="pregnancy_week", knots=(12, 24, 36), positive=True)
    on = samples_on_curve(real_samples, curve, study, "analysis x")
    assert on.note is not None
    assert on.note.startswith("3 of the 60 chosen samples have no positive")
    model = Model(curve=curve, covariates=("library_batch",), block="subject")
    design = build_design(on.samples, model, study, "analysis x")
    assert design.matrix.shape == (57, 7)
    assert design.rank == 7


def test_days_before_and_at_zero(samples: pl.DataFrame, study: Study) -> None:
    days = [float(d) for d in (-7, 0, 3, -7, 1, 7, -1, 0, 7) * 2]
    early = samples.with_columns(pl.Series("pregnancy_week", days))
    design = build(early, study, curve={"of": "pregnancy_week", "knots": [-7, 0, 7]})
    assert design.columns[:3] == ("HP.-7", "HP.0", "HP.7")
    at_zero = [i for i, d in enumerate(days) if d == 0]
    expected = np.eye(6)[[1, 1, 4, 4]]
    np.testing.assert_allclose(design.matrix[at_zero], expected, atol=1e-12)
    contrasts = made(design, study, {**FAMILIES, "rise": "`HP.0` - `HP.-7`"})
    assert contrasts.names == (
        "HP_0-(-7)", "HP_7-(-7)", "HP_7-0", "MS_0-(-7)", "MS_7-(-7)", "MS_7-0",
        "MSvsHP_-7", "MSvsHP_0", "MSvsHP_7",
        "MSvsHP_0-(-7)", "MSvsHP_7-(-7)", "MSvsHP_7-0", "rise",
    )  # fmt: skip
    np.testing.assert_array_equal(contrasts.matrix[:, -1], [-1, 1, 0, 0, 0, 0])
    np.testing.assert_array_equal(contrasts.matrix[:, 0], contrasts.matrix[:, -1])
    assert contrasts.meanings[0] == "change from pregnancy week -7 to 0 in HP"
    both = build(early, study, curve={"of": "pregnancy_week", "by": None, "knots": [-7, -1, 7]})
    one = made(both, study, {"time_within_group": "all"}, by=None)
    assert one.names[0] == "pregnancy_week_(-1)-(-7)"


def test_a_curve_of_the_timepoints(samples: pl.DataFrame, study: Study) -> None:
    weeks = {"1st": "-1", "2nd": "0", "3rd": "4.0"}
    table = samples.with_columns(pl.col("timepoint").replace(weeks))
    numbered = study.model_copy(update={"timepoints": ("-1", "0", "4.0")})
    design = build(table, numbered, curve={"of": "timepoint", "knots": [-1, 0, 4]})
    assert design.columns == ("HP.-1", "HP.0", "HP.4", "MS.-1", "MS.0", "MS.4")
    means = build(table, numbered, curve=None, means=["group", "timepoint"])
    np.testing.assert_allclose(design.matrix, means.matrix, atol=1e-12)
    contrasts = made(design, numbered, {"time_within_group": "all"}, of="timepoint")
    assert contrasts.meanings[2] == "change from timepoint 0 to 4 in HP"
    dates = {"1st": "2024-01-31", "2nd": "2024-02-28", "3rd": "2024-03-01"}
    on_days = study.model_copy(update={"timepoints": tuple(dates.values())})
    of_dates = build(
        samples.with_columns(pl.col("timepoint").replace(dates)),
        on_days,
        curve={"of": "timepoint", "by": None, "knots": [0, 28, 30]},
    )
    assert of_dates.columns == ("timepoint.0", "timepoint.28", "timepoint.30")
    with pytest.raises(AnalysisError, match="the timepoints are words"):
        samples_on_curve(samples, Curve(of="timepoint"), study, "analysis x")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"curve": {"of": "library_batch"}}, "`library_batch` is a category, so there is no curve"),
        ({"curve": {"of": "week"}}, "`week` is neither a role nor a declared column"),
        ({"curve": {"of": "pregnancy_week", "by": "age"}}, "`age` is a number"),
        ({"curve": {"of": "pregnancy_week", "knots": [12]}}, "the knots of the curve must rise"),
        ({"curve": {"of": "pregnancy_week", "knots": [9, 5]}}, "the knots of the curve must rise"),
        ({"curve": {"of": "pregnancy_week", "knots": [9, 9.0000001]}}, "have the same name"),
        ({"curve": {"of": "pregnancy_week", "knots": [1, 2, 3]}}, "the curve of HP cannot be told"),
        ({"covariates": ["pregnancy_week"]}, "`pregnancy_week` stands in the model twice"),
        ({"covariates": ["group"]}, "`group` stands in the model twice"),
        ({"block": "group"}, "`group` is both in the model and its block"),
        ({"baseline": "HP.12"}, "`baseline` belongs to `means`"),
        ({"means": ["group"]}, "not both"),
    ],
)
def test_refuses(samples: pl.DataFrame, study: Study, model: dict[str, object], words: str) -> None:
    with pytest.raises(AnalysisError) as e:
        build(samples, study, **model)
    assert words in str(e.value)
    assert str(e.value).startswith("analysis x")


def test_too_few_weeks(samples: pl.DataFrame, study: Study) -> None:
    coarse = samples.with_columns(
        pregnancy_week=pl.when(pl.col("study_group") == "MS")
        .then((pl.col("pregnancy_week") / 12).round() * 12)
        .otherwise("pregnancy_week")
    )
    build(coarse, study)
    with pytest.raises(AnalysisError) as e:
        build(coarse, study, curve={"of": "pregnancy_week", "knots": [12, 20, 28, 36]})
    assert "the curve of MS cannot be told from its values" in str(e.value)
    assert "found:    3: 12, 24, 36" in str(e.value)
    flat = samples.with_columns(pregnancy_week=(pl.col("pregnancy_week") / 24).round() * 12 + 1)
    with pytest.raises(AnalysisError, match="too few different values"):
        build(flat, study, curve={"of": "pregnancy_week", "df": 6})


def test_a_week_that_is_no_week(samples: pl.DataFrame, study: Study) -> None:
    first = pl.col("sample_id") == "s000"
    week = pl.col("pregnancy_week")
    zero = samples.with_columns(pregnancy_week=pl.when(first).then(0.0).otherwise(week))
    positive = {"of": "pregnancy_week", "knots": [12, 24, 36], "positive": True}
    with pytest.raises(AnalysisError, match="1 sample of the curve have no positive"):
        build(zero, study, curve=positive)
    build(zero, study)
    infinite = samples.with_columns(pregnancy_week=pl.when(first).then(np.inf).otherwise(week))
    with pytest.raises(AnalysisError, match="is infinite for 1 of the 18"):
        build(infinite, study)


def test_order_of_the_samples_does_not_matter(samples: pl.DataFrame, study: Study) -> None:
    design, turned = build(samples, study), build(samples.reverse(), study)
    assert turned.columns == design.columns
    np.testing.assert_array_equal(turned.matrix[::-1], design.matrix)


def test_knots_beyond_all_samples_are_said(samples: pl.DataFrame, study: Study) -> None:
    notes = build(samples, study, curve={"of": "pregnancy_week", "knots": [12, 24, 60]}).notes
    assert any(n.startswith("no sample is at or beyond 60") and "extrapolated" in n for n in notes)
