from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.design.model_matrix import Design, build_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study


def build(samples: pl.DataFrame, study: Study, formula: str, block: str | None = None) -> Design:
    return build_design(samples, Model(formula=formula, block=block), study, "analysis x")


def test_names_follow_r_and_the_study(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, "~ group + timepoint + age", block="subject")
    assert design.columns == (
        "Intercept", "group[T.MS]", "timepoint[T.2nd]", "timepoint[T.3rd]", "age",
    )  # fmt: skip
    np.testing.assert_array_equal(design.matrix[:, 1], samples["study_group"] == "MS")
    np.testing.assert_array_equal(design.matrix[:, 4], samples["age"])
    assert design.mean_labels is None
    assert design.blocks is not None
    turned = study.model_copy(update={"groups": ("MS", "HP")})
    assert build(samples, turned, "group").columns == ("Intercept", "group[T.HP]")


def test_cell_means(samples: pl.DataFrame, study: Study) -> None:
    no_ms_2nd = samples.filter(~((pl.col("study_group") == "MS") & (pl.col("timepoint") == "2nd")))
    design = build(no_ms_2nd, study, "0 + group:timepoint")
    assert "group[HP]:timepoint[1st]" in design.columns
    assert "group[MS]:timepoint[2nd]" not in design.columns
    assert design.absent == ("group[MS]:timepoint[2nd]",)
    assert design.notes == ("no sample is MS.2nd among the 13 chosen",)
    np.testing.assert_array_equal(design.matrix.sum(axis=1), 1.0)


def test_aliased_columns_stay_with_a_note(samples: pl.DataFrame, study: Study) -> None:
    no_ms_2nd = samples.filter(~((pl.col("study_group") == "MS") & (pl.col("timepoint") == "2nd")))
    design = build(no_ms_2nd, study, "group*timepoint + library_batch + C(library_batch)")
    assert design.rank < len(design.columns)
    assert any("rank" in note for note in design.notes)


@pytest.mark.parametrize(
    "formula",
    [
        "bs(age, df=4)", "cr(age, df=3)", "poly(age, 2) + group", "scale(age) + center(age)",
        "C(group, contr.treatment('MS'))", "C(group, contr.sum)", "log(age):group", "{age**2}",
        "(group + timepoint)**2", "timepoint/group", "1", "-1 + age", "C(`library_batch`)",
        "I((age - 30) / 10)",
    ],
)  # fmt: skip
def test_allows(samples: pl.DataFrame, study: Study, formula: str) -> None:
    design = build(samples, study, formula)
    assert design.matrix.shape == (16, len(design.columns))
    assert np.isfinite(design.matrix).all()
    again = build(samples, study, formula)
    assert again.columns == design.columns
    assert again.matrix.tobytes() == design.matrix.tobytes()


@pytest.mark.parametrize(
    "code",
    [
        "{__import__('os').mkdir('PLACE')}",
        "C(group, __import__('os').mkdir('PLACE'))",
        "age:{__import__('os').mkdir('PLACE')}",
        "{(lambda: __import__('os').mkdir('PLACE'))()}",
        "{[__import__('os').mkdir('PLACE') for i in (1,)]}",
        '{eval(\'__import__("os").mkdir("PLACE")\')}',
        "np.savetxt('PLACE', [1])",
        "poly(age, degree=__import__('os').mkdir('PLACE'))",
        "bs(age, **__import__('os').mkdir('PLACE'))",
        "C(group, *__import__('os').mkdir('PLACE'))",
        "{f\"{__import__('os').mkdir('PLACE')}\"}",
        "{age.__class__.__init__.__globals__}",
    ],
)
def test_runs_no_foreign_code(
    samples: pl.DataFrame, study: Study, tmp_path: Path, code: str
) -> None:
    place = tmp_path / "made"
    with pytest.raises(AnalysisError) as e:
        build(samples, study, code.replace("PLACE", str(place)))
    assert re.search("not allowed in a formula|formula cannot be read", str(e.value))
    assert not place.exists()


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("  ", "the formula is empty"),
        ("age ~ group", "more than one part"),
        ("age | group", "more than one part"),
        ("grup", "did you mean `group`?"),
        ("log(agee)", "did you mean `age`?"),
        ("C(`libary_batch`)", "did you mean `library_batch`?"),
        ("os", "neither a role nor a declared column"),
        ("age + ", "cannot be read"),
        ("(age", "cannot be read"),
        ("2*age", "cannot be read"),
        (".", "cannot be read"),
        ("log(", "cannot be read"),
        ("0.5:age", "`0.5` is not allowed"),
        ("0", "no column with a value"),
        ("log(age - 24)", "not a finite number for every sample"),
        ("hashed(group)", "not allowed"),
        ("lag(age)", "not allowed"),
        ("np.log(age)", "not allowed"),
        ("scale(age, _state=1)", "`_state=1` is not allowed"),
        ("{9**9**9**9}", "not allowed"),
        ("{age**99}", "power"),
        ("C(group, levels=['HP'])", "cannot be evaluated"),
        ("poly(1, 2)", "cannot be evaluated"),
        ("group + subject", "both in the formula and the block"),
    ],
)
def test_refuses(samples: pl.DataFrame, study: Study, formula: str, words: str) -> None:
    with pytest.raises(AnalysisError, match=re.escape(words)) as e:
        build(samples, study, formula, block="subject")
    assert "analysis x" in str(e.value)
    assert "\x1b" not in str(e.value)


def test_says_where_a_formula_breaks(samples: pl.DataFrame, study: Study) -> None:
    with pytest.raises(AnalysisError) as e:
        build(samples, study, "group + + age *")
    assert e.value.column == 15
