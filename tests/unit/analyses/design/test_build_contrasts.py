from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pytest

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.model_matrix import Design, build_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

Make = Callable[..., pl.DataFrame]
MEANS = ("group", "timepoint")


def contrasts_of(
    samples: pl.DataFrame, study: Study, contrasts: Mapping[str, str], **model: object
) -> tuple[Design, Contrasts]:
    settings = Model.model_validate({"means": MEANS, **model})
    design = build_design(samples, settings, study, "analysis x")
    return design, build_contrasts(design, contrasts, settings, study)


def weights_of(design: Design, contrasts: Contrasts, name: str) -> dict[str, float]:
    column = contrasts.matrix[:, contrasts.names.index(name)]
    return {c: w for c, w in zip(design.columns, column, strict=True) if w}


def test_explicit(samples: pl.DataFrame, study: Study) -> None:
    wanted = {
        "MSvsHP_3rd-1st": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)",
        "a": "MS.3rd - HP.3rd",
        "age": "age",
    }
    design, made = contrasts_of(samples, study, wanted, covariates=["age"])
    assert made.names == tuple(wanted)
    assert made.expressions == tuple(wanted.values())
    assert made.matrix.shape == (7, 3)
    assert design.columns == ("HP.1st", "HP.2nd", "HP.3rd", "MS.1st", "MS.2nd", "MS.3rd", "age")
    np.testing.assert_array_equal(
        made.matrix.T,
        [[1, 0, -1, -1, 0, 1, 0], [0, 0, -1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 1]],
    )


@pytest.mark.parametrize("means", [["group", "timepoint"], ["timepoint", "group"]])
@pytest.mark.parametrize("baseline", [None, "first"])
def test_reserved(make_samples: Make, study: Study, means: list[str], baseline: str | None) -> None:
    # BP for MS only; a third group with one visit
    cells = [(g, t) for g in ("HP", "MS") for t in ("1st", "3rd", "PP")] + [("MS", "BP")]
    rows = [(f"{g}{i}", g, t) for g, t in [*cells, ("HC", "PP")] for i in range(2)]
    model: dict[str, object] = {"means": means}
    if baseline:
        model["baseline"] = "HP.1st" if means[0] == "group" else "1st.HP"
    reserved = {"time_within_group": "all", "group_within_time": "all", "interaction": "all"}
    design, made = contrasts_of(make_samples(rows), study, reserved, **model)
    assert made.names == (
        "HP_3rd-1st", "HP_PP-1st", "HP_PP-3rd",
        "MS_1st-BP", "MS_3rd-BP", "MS_PP-BP", "MS_3rd-1st", "MS_PP-1st", "MS_PP-3rd",
        "MSvsHP_1st", "MSvsHP_3rd", "MSvsHP_PP", "HCvsHP_PP",
        "MSvsHP_3rd-1st", "MSvsHP_PP-1st", "MSvsHP_PP-3rd",
    )  # fmt: skip
    if means == ["group", "timepoint"]:
        assert made.expressions[made.names.index("HP_3rd-1st")] == "HP.3rd - HP.1st"
        assert made.expressions[13] == "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)"
        if baseline is None:
            assert weights_of(design, made, "MSvsHP_3rd-1st") == {
                "MS.3rd": 1, "MS.1st": -1, "HP.3rd": -1, "HP.1st": 1,
            }  # fmt: skip
            assert weights_of(design, made, "HCvsHP_PP") == {"HC.PP": 1, "HP.PP": -1}
    assert made.meanings[0] == "change from 1st to 3rd in HP"
    assert made.meanings[10] == "MS minus HP at 3rd"
    assert made.meanings[13] == "change from 1st to 3rd in MS minus the same change in HP"


def test_reserved_quotes_odd_names(make_samples: Make, study: Study) -> None:
    odd = study.model_copy(update={"groups": ("H P", "T-ALL"), "timepoints": ("1", "2")})
    rows = [(g + t, g, t) for g in odd.groups for t in odd.timepoints] * 2
    design, made = contrasts_of(make_samples(rows), odd, {"interaction": "all"})
    assert made.names == ("T-ALLvsH P_2-1",)
    assert made.expressions == ("(`T-ALL.2` - `T-ALL.1`) - (`H P.2` - `H P.1`)",)
    assert weights_of(design, made, made.names[0])["T-ALL.2"] == 1


def test_reserved_beside_explicit_keep_their_order(samples: pl.DataFrame, study: Study) -> None:
    wanted = {"x": "MS.1st - HP.1st", "group_within_time": "all", "y": "HP.2nd"}
    _, made = contrasts_of(samples, study, wanted)
    assert made.names == ("x", "MSvsHP_1st", "MSvsHP_2nd", "MSvsHP_3rd", "y")


@pytest.mark.parametrize(
    ("contrasts", "model", "words"),
    [
        ({"interaction": "yes"}, {}, "interaction: all"),
        ({"interaction": "all"}, {"means": ["group"]}, "needs one mean per group and timepoint"),
        (
            {"interaction": "all"},
            {"means": [*MEANS, "cell_type"]},
            "needs one mean per group and timepoint",
        ),
        (
            {"interaction": "all"},
            {"means": [], "formula": "group*timepoint"},
            "needs one mean per group",
        ),
        ({"interactions": "all"}, {}, "did you mean `interaction`"),
        ({"MSvsHP_3rd": "MS.3rd - HP.3rd", "group_within_time": "all"}, {}, "named `MSvsHP_3rd`"),
        ({"group_within_time": "all", "MSvsHP_3rd": "MS.3rd"}, {}, "named `MSvsHP_3rd`"),
        ({"x": "MS.3rd - HP.4th"}, {}, "contrast x: `HP.4th` is not a coefficient"),
        ({"x": "MS.3rd - HP.PP"}, {}, "contrast x cannot be estimated: no sample is HP.PP among"),
        ({"x": "HC.1st - HP.PP"}, {}, "no sample is HC.1st and HP.PP among the 16 chosen"),
    ],
)
def test_refuses(
    samples: pl.DataFrame,
    study: Study,
    contrasts: dict[str, str],
    model: dict[str, object],
    words: str,
) -> None:
    with pytest.raises(AnalysisError) as e:
        contrasts_of(samples, study, contrasts, **model)
    assert words in str(e.value)


def test_a_reserved_key_that_gives_nothing(samples: pl.DataFrame, study: Study) -> None:
    one = samples.filter(pl.col("timepoint") == "1st")
    with pytest.raises(AnalysisError, match="time_within_group: all` gives no contrast"):
        contrasts_of(one, study, {"time_within_group": "all"})


def test_errors_keep_their_place(samples: pl.DataFrame, study: Study) -> None:
    with pytest.raises(AnalysisError) as e:
        contrasts_of(samples, study, {"x": "MS.3rd - HP.4th"})
    assert e.value.column == 10
    # what has no sample is not offered
    assert "HC.1st" not in str(e.value)


def test_baseline_stands_in_differences(samples: pl.DataFrame, study: Study) -> None:
    wanted = {
        "d": "MS.1st - HP.1st",
        "i": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)",
        "m": "(MS.1st + MS.3rd)/2 - MS.2nd",
        "b": "HP.1st - MS.1st",
    }
    design, made = contrasts_of(samples, study, wanted, baseline="MS.1st")
    assert weights_of(design, made, "d") == {"HP.1st": -1}
    assert weights_of(design, made, "i") == {"MS.3rd": 1, "HP.3rd": -1, "HP.1st": 1}
    assert weights_of(design, made, "m") == {"MS.3rd": 0.5, "MS.2nd": -1}
    means_design, in_means = contrasts_of(samples, study, wanted)
    y = np.random.default_rng(1).normal(size=16)
    b0 = np.linalg.lstsq(means_design.matrix, y, rcond=None)[0]
    b1 = np.linalg.lstsq(design.matrix, y, rcond=None)[0]
    np.testing.assert_allclose(made.matrix.T @ b1, in_means.matrix.T @ b0, atol=1e-12)
    assert made.meanings == in_means.meanings


def test_coefficients_of_a_baseline_model(samples: pl.DataFrame, study: Study) -> None:
    wanted = {"c": "HP.1st", "m": "Intercept", "p": "Intercept + HP.1st", "q": "HP.3rd - HP.1st"}
    _, made = contrasts_of(samples, study, wanted, baseline="MS.1st")
    assert made.meanings == (
        "HP minus MS at 1st",
        "mean of MS.1st",
        "mean of HP.1st",
        "change from 1st to 3rd in HP",
    )


@pytest.mark.parametrize("text", ["MS.1st", "MS.1st + HP.1st", "2*HP.1st - MS.1st"])
def test_baseline_alone_is_refused(samples: pl.DataFrame, study: Study, text: str) -> None:
    with pytest.raises(AnalysisError) as e:
        contrasts_of(samples, study, {"x": text}, baseline="MS.1st")
    assert "contrast x: `MS.1st` is the baseline" in str(e.value)
    assert "sum to 0" in str(e.value)


def test_aliased_with_batch(samples: pl.DataFrame, study: Study) -> None:
    batch_is_group = samples.with_columns(library_batch=pl.col("study_group"))
    model = {"covariates": ["library_batch", "age"]}
    with pytest.raises(AnalysisError) as e:
        contrasts_of(batch_is_group, study, {"x": "MS.3rd - HP.3rd"}, **model)
    text = str(e.value)
    assert "contrast x cannot be estimated" in text
    assert "MS.1st, MS.2nd, MS.3rd, library_batchMS are aliased" in text
    # what the batch leaves alone can still be estimated
    wanted = {"i": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)", "t": "MS.3rd - MS.1st", "a": "age"}
    _, made = contrasts_of(batch_is_group, study, wanted, **model)
    assert made.names == tuple(wanted)


def test_estimability_does_not_depend_on_units(samples: pl.DataFrame, study: Study) -> None:
    for factor in (1e-9, 1.0, 1e9):
        scaled = samples.with_columns(
            library_batch=pl.col("study_group"), age=pl.col("age") * factor
        )
        model = {"covariates": ["library_batch", "age"]}
        contrasts_of(scaled, study, {"a": "age", "t": "MS.3rd - MS.1st"}, **model)
        with pytest.raises(AnalysisError, match="cannot be estimated") as e:
            contrasts_of(scaled, study, {"x": "MS.3rd - HP.3rd + age"}, **model)
        assert "library_batchMS are aliased" in str(e.value)


def test_formula_without_a_combination(samples: pl.DataFrame, study: Study) -> None:
    no_ms_2nd = samples.filter(~((pl.col("study_group") == "MS") & (pl.col("timepoint") == "2nd")))
    crossed = {"means": [], "formula": "group*timepoint"}
    with pytest.raises(AnalysisError, match=r"no sample is MS\.2nd among the 13 chosen"):
        contrasts_of(no_ms_2nd, study, {"x": "group[T.MS]:timepoint[T.2nd]"}, **crossed)
    backwards = study.model_copy(
        update={"groups": ("MS", "HP"), "timepoints": ("2nd", "1st", "3rd")}
    )
    with pytest.raises(AnalysisError) as e:
        contrasts_of(no_ms_2nd, backwards, {"x": "group[T.HP]"}, **crossed)
    assert "contrast x cannot be estimated" in str(e.value)
    assert "no sample is MS.2nd; " in str(e.value)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("MS.3rd - MS.1st", "change from 1st to 3rd in MS"),
        ("MS.1st - MS.3rd", "change from 3rd to 1st in MS"),
        ("-(HP.3rd - MS.3rd)", "MS minus HP at 3rd"),
        ("MS.3rd - HP.1st", "MS.3rd minus HP.1st"),
        ("(MS.3rd - HP.3rd) - (MS.1st - HP.1st)",
         "change from 1st to 3rd in MS minus the same change in HP"),
        ("(MS.1st - HP.1st) - (MS.3rd - HP.3rd)",
         "change from 1st to 3rd in HP minus the same change in MS"),
        ("MS.3rd - MS.1st + HP.3rd - HP.1st",
         "weighted sum: -HP.1st + HP.3rd - MS.1st + MS.3rd"),
        ("MS.3rd + MS.2nd - HP.3rd - HP.1st", "weighted sum: -HP.1st - HP.3rd + MS.2nd + MS.3rd"),
        ("(MS.1st + MS.2nd + MS.3rd)/3 - (HP.1st + HP.2nd)/2",
         "mean of MS.1st, MS.2nd and MS.3rd minus the mean of HP.1st and HP.2nd"),
        ("MS.1st", "mean of MS.1st"),
        ("2*MS.1st - HP.1st/2", "weighted sum: -0.5 x HP.1st + 2 x MS.1st"),
        ("age", "change per unit of age"),
        ("library_batchB", "library_batch B minus A"),
        ("10*age", "weighted sum: 10 x age"),
        ("MS.1st - 2*age", "weighted sum: MS.1st - 2 x age"),
    ],
)  # fmt: skip
def test_meanings(samples: pl.DataFrame, study: Study, text: str, meaning: str) -> None:
    model = {"covariates": ["age", "library_batch"]}
    _, made = contrasts_of(samples, study, {"n": text}, **model)
    assert made.meanings == (meaning,)
    if meaning.startswith(("change", "MS minus", "MS.3rd minus")):  # differences of means
        _, made = contrasts_of(samples, study, {"n": text}, **model, baseline="HP.2nd")
        assert made.meanings == (meaning,)


@pytest.mark.parametrize(
    ("means", "text", "meaning"),
    [
        (["timepoint"], "3rd - 1st", "change from 1st to 3rd"),
        (["group"], "MS - HP", "MS minus HP"),
        (["group", "timepoint", "state"], "MS.3rd.On - MS.1st.On",
         "change from 1st to 3rd in MS.On"),
        (["group", "timepoint", "state"], "MS.3rd.On - MS.3rd.Off", "On minus Off at 3rd in MS"),
        (["group", "state"], "(MS.On - MS.Off) - (HP.On - HP.Off)",
         "MS minus HP in On minus the same difference in Off"),
        (["group", "timepoint", "state"],
         "(MS.3rd.On - MS.3rd.Off) - (HP.3rd.On - HP.3rd.Off)",
         "MS minus HP at 3rd in On minus the same difference at 3rd in Off"),
    ],
)  # fmt: skip
def test_meanings_of_other_means(
    samples: pl.DataFrame, study: Study, means: list[str], text: str, meaning: str
) -> None:
    doubled = pl.concat(
        [
            samples.with_columns(pl.lit(s).alias("state"), pl.col("sample_id") + s)
            for s in ("On", "Off")
        ]
    )
    assert contrasts_of(doubled, study, {"n": text}, means=means)[1].meanings == (meaning,)


def test_meanings_of_a_formula(samples: pl.DataFrame, study: Study) -> None:
    model = {"means": [], "formula": "0 + group:timepoint + age"}
    wanted = {"a": "group[MS]:timepoint[1st] - group[HP]:timepoint[1st]", "b": "age", "c": "2*age"}
    assert contrasts_of(samples, study, wanted, **model)[1].meanings == (
        "group[MS]:timepoint[1st] minus group[HP]:timepoint[1st]",
        "coefficient age",
        "weighted sum: 2 x age",
    )
