from __future__ import annotations

import numpy as np
import pytest

from analyses.contrasts.correlation_tables import correlation_rows
from analyses.stats.moderation.genas import Genas
from analyses.stats.rotation.contrast_correlation import ObservedCorrelation
from analyses.stats.rotation.rotation import CorrelationTest
from cohortmart.core.schemas.finding_tables import CONTRAST_CORRELATION


@pytest.fixture
def two_pairs() -> CorrelationTest:
    """Of three contrasts, the first with the second and the third with the second."""
    number = np.arange(2.0)
    missing = np.where(number == 0, np.nan, number)
    return CorrelationTest(
        pairs=np.array([[0, 1], [2, 1]]),
        r=0.1 * number,
        r_low=missing + 10,
        r_high=missing + 20,
        no_effect_low=missing + 30,
        no_effect_high=missing + 40,
        p_value=missing + 50,
        n_features=7,
        n_rotations=99,
    )


def true_changes(r: float, p_value: float) -> Genas:
    return Genas(r, 0.1, np.eye(2), 4.7, p_value, 9, r - 0.2, r + 0.1)


def test_rows(two_pairs: CorrelationTest) -> None:
    r = np.array([[1, 0.1, 0.15], [0.1, 1, 0.2], [0.15, 0.2, 1]])
    observed = ObservedCorrelation(r, np.array([[9, 1, 2], [1, 9, 3], [2, 3, 9]]))
    no_effect = np.array([[1, -0.5, -0.4], [-0.5, 1, -0.3], [-0.4, -0.3, 1]])
    # of the pair (c, b) and of (a, c); the other has none
    biological = {(2, 1): true_changes(0.7, 0.03), (0, 2): true_changes(np.nan, np.nan)}
    table = correlation_rows("rna", ["a", "b", "c"], observed, no_effect, two_pairs, biological)
    assert table.schema == CONTRAST_CORRELATION
    first, second, third = table.to_pylist()
    assert third == {
        "analysis": "rna",
        "first_contrast": "b",
        "second_contrast": "c",
        "n_features": 3,
        "r": 0.2,
        "r_low": 11.0,
        "r_high": 21.0,
        "r_no_effect": -0.3,
        "no_effect_low": 31.0,
        "no_effect_high": 41.0,
        "p_value": 51.0,
        "n_features_rotated": 7,
        "n_rotations": 99,
        "r_biological": 0.7,
        "r_biological_ci_low": 0.7 - 0.2,
        "r_biological_ci_high": 0.7 + 0.1,
        "biological_p_value": 0.03,
    }
    for row in (first, second):
        assert (row["r_biological"], row["biological_p_value"]) == (None, None)
    unknown = ("r_low", "r_high", "no_effect_low", "no_effect_high", "p_value")
    assert (first["first_contrast"], first["second_contrast"]) == ("a", "b")
    assert (first["r"], first["n_rotations"]) == (0.1, 99)
    assert [first[name] for name in unknown] == [None] * 5  # proportional
    assert (second["second_contrast"], second["r"], second["r_no_effect"]) == ("c", 0.15, -0.4)
    assert [second[name] for name in unknown] == [None] * 5  # not rotated
    assert (second["n_features_rotated"], second["n_rotations"]) == (None, None)


def test_nothing_rotated() -> None:
    observed = ObservedCorrelation(np.full((2, 2), 0.5), np.full((2, 2), 9))
    table = correlation_rows("rna", ["a", "b"], observed, np.full((2, 2), -0.5), None, {})
    assert table.schema == CONTRAST_CORRELATION
    assert table.select(["r", "r_no_effect", "p_value"]).to_pylist() == [
        {"r": 0.5, "r_no_effect": -0.5, "p_value": None}
    ]


def test_no_pairs() -> None:
    """An analysis with one contrast."""
    none = CorrelationTest(np.empty((0, 2), dtype=np.int64), *[np.empty(0)] * 6, 7, 99)
    observed = ObservedCorrelation(np.ones((1, 1)), np.array([[9]]))
    table = correlation_rows("rna", ["a"], observed, np.ones((1, 1)), none, {})
    assert table.schema == CONTRAST_CORRELATION
    assert table.num_rows == 0
