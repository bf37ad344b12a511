"""States of a return: each rule, its edges, and that there is no other word."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.returns.states import STATES, return_states
from tests.support.paths import ROOT

#: low, high, tested, adjusted P of a return, of a growing difference: state with a margin of 0.5
CASES = (
    (0.6, 1.4, True, 0.01, 1.0, "back"),
    (1.1, 1.4, True, 0.01, 1.0, "back"),  # turned round, but by less than the margin
    (0.4, 1.4, True, 0.01, 1.0, "towards"),
    (0.6, 1.6, True, 0.01, 1.0, "towards"),
    (0.2, 0.9, True, 0.01, 1.0, "in part"),
    (0.55, 0.9, True, 0.01, 1.0, "back"),
    (1.2, 2.4, True, 0.01, 1.0, "overshoot"),
    (0.6, 1.4, True, 0.06, 1.0, "unclear"),  # not found: no return, whatever the interval
    (-1.4, -0.6, True, 1.0, 0.01, "away"),
    (-0.4, 0.4, True, 0.5, 0.9, "stays"),
    (-0.4, 0.6, True, 0.5, 0.9, "unclear"),
    (np.nan, np.nan, False, np.nan, np.nan, "no difference"),
)


@pytest.mark.parametrize("case", CASES)
def test_states(case: tuple[float, float, bool, float, float, str]) -> None:
    low, high, tested, p, away, expected = case
    (state,) = return_states(*(np.array([v]) for v in (low, high, tested, p, away)), margin=0.5)
    assert state == expected


def test_a_narrower_margin_asks_for_more() -> None:
    one = [np.array([v]) for v in (0.6, 1.4, True, 0.01, 1.0)]
    assert return_states(*one, margin=0.3).tolist() == ["towards"]


def test_the_table_allows_these_words_alone() -> None:
    text = (ROOT / "models" / "results" / "fct_return.yml").read_text()
    assert f"[{', '.join(STATES)}]" in " ".join(text.split())
    assert {case[-1] for case in CASES} == {*STATES}
