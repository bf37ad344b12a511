"""Which contrasts the joint tests of an analysis take."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.joint_tests import joint_sets
from analyses.design.model_matrix import build_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study


@pytest.fixture
def contrasts(samples: pl.DataFrame, study: Study) -> Contrasts:
    model = Model(means=("group", "timepoint"))
    wanted = {"first": "MS.1st - HP.1st", "time_within_group": "all", "interaction": "all"}
    return build_contrasts(build_design(samples, model, study, "x"), wanted, model, study)


def test_families_stand_for_their_contrasts(contrasts: Contrasts) -> None:
    tests = {
        "time": ["time_within_group"],
        "both": ["interaction", "first"],
        "some": ["MS_3rd-1st", "HP_3rd-1st", "MS_3rd-1st"],
    }
    assert joint_sets(contrasts, tests, "analysis x") == {
        "all contrasts": tuple(range(10)),
        "time": (1, 2, 3, 4, 5, 6),
        "both": (0, 7, 8, 9),
        "some": (2, 5),
    }
    assert [contrasts.names[i] for i in (2, 5)] == ["HP_3rd-1st", "MS_3rd-1st"]


def test_without_named_tests(contrasts: Contrasts) -> None:
    assert list(joint_sets(contrasts, {}, "x")) == ["all contrasts"]
    alone = Contrasts(("a",), ("b",), np.ones((1, 1)), ("c",))
    assert joint_sets(alone, {"t": ["a"]}, "x") == {"all contrasts": (0,), "t": (0,)}


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ({"all contrasts": ["first"]}, "a joint test cannot be called `all contrasts`"),
        ({" ": ["first"]}, "a joint test cannot be called ` `"),
        ({"t": []}, "the joint test `t` names no contrast"),
        ({"t": ["group_within_time"]}, "`group_within_time: all` among the contrasts"),
        ({"t": ["MS_3rd-1ts"]}, "did you mean `MS_3rd-1st`?"),
        ({"t": ["zzz"]}, "first, HP_2nd-1st, HP_3rd-1st"),
    ],
)
def test_refuses(contrasts: Contrasts, tests: dict[str, list[str]], words: str) -> None:
    with pytest.raises(AnalysisError) as e:
        joint_sets(contrasts, tests, "analysis x")
    assert words in str(e.value)
    assert str(e.value).startswith("analysis x: ")
