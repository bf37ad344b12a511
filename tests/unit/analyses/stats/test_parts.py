"""Features handed over in parts give what they give together."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from analyses.stats.block_correlation import block_correlation, consensus, correlation_of_rows
from analyses.stats.contrast_fit import fit_contrasts, join_fits
from tests.unit.analyses.stats.conftest import Floats, SmallStudy

CUTS = (slice(0, 23), slice(23, 23), slice(23, 24), slice(24, 60))


@pytest.mark.parametrize("weighted", [False, True])
def test_correlations(small: SmallStudy, holes: Floats, weighted: bool) -> None:
    w = small.weights if weighted else None
    whole = block_correlation(holes, small.basis, small.blocks, w)
    parts = [
        correlation_of_rows(holes[cut], small.basis, small.blocks, None if w is None else w[cut])
        for cut in CUTS
    ]
    joined = np.concatenate(parts)
    np.testing.assert_allclose(joined, whole.atanh, rtol=1e-9, atol=1e-10)
    assert consensus(joined) == pytest.approx(whole.consensus, rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_fits(small: SmallStudy, holes: Floats, weighted: bool) -> None:
    w = small.weights if weighted else None
    rest = (small.basis, small.contrasts, small.blocks, 0.3)
    whole = fit_contrasts(holes, *rest, w)
    joined = join_fits(
        [fit_contrasts(holes[cut], *rest, None if w is None else w[cut]) for cut in CUTS]
    )
    for field in fields(whole):
        here, there = getattr(joined, field.name), getattr(whole, field.name)
        np.testing.assert_allclose(here, there, rtol=1e-11, atol=1e-12, err_msg=field.name)
    assert joined.wald_df == whole.wald_df
