"""Lowess with weights, against limma's weightedLowess and by hand."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from analyses.stats.numeric.lowess import adaptive_span
from analyses.stats.numeric.weighted_lowess import weighted_lowess
from cohortmart.core.types import Floats
from tests.support.paths import DATA

#: case: points, span, whether x are tied
CASES = {
    "plain": (200, 0.4, False), "tied": (200, 0.4, True), "many": (900, 0.3, False),
    "whole": (200, 1.0, False), "few": (5, 1.0, False),
}  # fmt: skip


def points(n: int, tied: bool = False) -> tuple[Floats, Floats, Floats]:
    """Those of limma_weighted_lowess.R."""
    i = np.arange(1, n + 1)
    x = np.sort((i * 37) % 101 + 3 * np.sqrt(i) + np.where(i > n - 3, 40, 0))
    x = np.floor(x / 3) if tied else x
    return x, np.sin(x / 15) + ((i * 53) % 29) / 29, 1 + (i * 11) % 5 + i / 997


@pytest.mark.parametrize("case", CASES)
def test_limma_agrees(case: str) -> None:
    n, span, tied = CASES[case]
    with (DATA / "limma_weighted_lowess.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == case]
    assert len(rows) == -(-n // 20)
    found = weighted_lowess(*points(n, tied), span)
    at = [int(row["point"]) - 1 for row in rows]
    np.testing.assert_allclose(found[at], [float(row["value"]) for row in rows], rtol=1e-11)


def test_a_weight_is_a_number_of_points() -> None:
    x, y, _ = points(60)
    times = np.arange(60) % 3 + 1
    np.testing.assert_allclose(
        np.repeat(weighted_lowess(x, y, times.astype(float), 0.4), times),
        weighted_lowess(np.repeat(x, times), np.repeat(y, times), np.ones(times.sum()), 0.4),
        rtol=1e-10,
    )


def test_a_line_stays_a_line() -> None:
    x, _, w = points(300)
    np.testing.assert_allclose(weighted_lowess(x, 2 - 3 * x, w, 0.3), 2 - 3 * x, rtol=1e-9)
    same = np.full(4, 7.0)  # where all x are one, the curve is the mean
    np.testing.assert_allclose(
        weighted_lowess(same, np.array([1.0, 2, 3, 8]), np.array([1.0, 1, 1, 3]), 0.5), 5.0
    )


def test_what_cannot_be_smoothed() -> None:
    with pytest.raises(ValueError, match="x must be sorted"):
        weighted_lowess(np.array([2.0, 1.0]), np.zeros(2), np.ones(2), 0.5)
    np.testing.assert_array_equal(weighted_lowess(np.ones(1), np.full(1, 3.0), np.ones(1), 1), [3])


@pytest.mark.parametrize(
    ("n", "few", "span"),
    [(1, 50, 1.0), (50, 50, 1.0), (400, 50, 0.65), (50_000, 50, 0.37), (4000, 500, 0.65)],
)
def test_the_adaptive_span_is_limmas(n: int, few: int, span: float) -> None:
    """0.3 + 0.7 (few / n)^(1/3): 400 are 8 times 50, 50,000 are 10^3 times."""
    assert adaptive_span(n, few) == pytest.approx(span, abs=1e-15)
