"""What a fit refuses, and what the message says."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from tests.unit.analyses.stats.conftest import SmallStudy


def test_infinite_values(small: SmallStudy) -> None:
    y = small.y.copy()
    y[3, 2], y[17, 0] = np.inf, -np.inf
    with pytest.raises(ValueError, match=r"y has infinite values in 2 of 60 rows: rows 3, 17$"):
        fit_contrasts(y, small.basis, small.contrasts)
    y[20:, 1] = np.inf
    with pytest.raises(ValueError, match=r"42 of 60 rows: rows 3, 17, 20, 21, 22, \.\.\.$"):
        fit_contrasts(y, small.basis, small.contrasts)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_weights_of_no_use(small: SmallStudy, bad: float) -> None:
    w = small.weights.copy()
    w[9, 4] = bad
    match = r"weights are not positive and finite in 1 of 60 rows: row 9$"
    with pytest.raises(ValueError, match=match):
        fit_contrasts(small.y, small.basis, small.contrasts, weights=w)
    # where there is no value the weight is not looked at
    y = small.y.copy()
    y[9, 4] = np.nan
    found = fit_contrasts(y, small.basis, small.contrasts, weights=w)
    there = fit_contrasts(y, small.basis, small.contrasts, weights=small.weights)
    np.testing.assert_array_equal(found.unscaled_sd, there.unscaled_sd)


def test_no_residual_degrees_of_freedom() -> None:
    y = np.arange(12.0).reshape(4, 3)
    match = "no residual degrees of freedom: 3 samples, 3 independent coefficients"
    with pytest.raises(ValueError, match=match):
        fit_contrasts(y, design_basis(np.eye(3)), np.eye(3))


@pytest.mark.parametrize(("bad", "what"), [(np.nan, "not finite"), (np.inf, "not finite")])
def test_contrasts_that_are_no_numbers(small: SmallStudy, bad: float, what: str) -> None:
    c = small.contrasts.copy()
    c[0, 1] = bad
    with pytest.raises(ValueError, match=f"contrasts are {what}: column 1$"):
        fit_contrasts(small.y, small.basis, c)


def test_contrasts_of_nothing(small: SmallStudy) -> None:
    c = small.contrasts.copy()
    c[:, [0, 2]] = 0.0
    with pytest.raises(ValueError, match=r"contrasts are all zeros: columns 0, 2$"):
        fit_contrasts(small.y, small.basis, c)


def test_shapes_and_words(small: SmallStudy) -> None:
    with pytest.raises(ValueError, match=r"y of shape \(60, 19\) does not fit a design of 20"):
        fit_contrasts(small.y[:, 1:], small.basis, small.contrasts)
    with pytest.raises(ValueError, match=r"weights of shape \(59, 20\) do not fit y"):
        fit_contrasts(small.y, small.basis, small.contrasts, weights=small.weights[1:])
    with pytest.raises(ValueError, match=r"contrasts of shape \(6, 3\) do not fit 7 coeff"):
        fit_contrasts(small.y, small.basis, small.contrasts[1:])
    with pytest.raises(ValueError, match="errors must be 'exact' or 'limma', not 'Limma'"):
        fit_contrasts(small.y, small.basis, small.contrasts, errors="Limma")
