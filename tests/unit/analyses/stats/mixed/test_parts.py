"""Features handed over in parts give what they give together."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from analyses.stats.linear.contrast_fit import fit_contrasts, join_fits
from analyses.stats.mixed.block_correlation import block_correlation, consensus, correlation_of_rows
from cohortmart.core.types import Floats
from tests.unit.analyses.stats.conftest import SmallStudy

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
    holes[23] = small.y[23]  # a part of complete features only
    rest = (small.basis, small.contrasts, small.blocks, 0.3)
    sets = ((0, 1, 2), (1, 2), (2,))
    whole = fit_contrasts(holes, *rest, w, sets=sets)
    parts = [
        fit_contrasts(holes[cut], *rest, None if w is None else w[cut], sets=sets) for cut in CUTS
    ]
    joined = join_fits(parts)
    assert (parts[2].limma_ratio is None) is not weighted
    assert joined.limma_ratio is not None
    for field in fields(whole):
        here, there = getattr(joined, field.name), getattr(whole, field.name)
        assert (here is None) is (there is None), field.name
        if there is not None:
            np.testing.assert_allclose(here, there, rtol=1e-11, atol=1e-12, err_msg=field.name)
    assert joined.wald_df == whole.wald_df == (3, 2, 1)


def test_parts_with_and_without_degrees_of_freedom_of_their_own(small: SmallStudy) -> None:
    rest = (small.basis, small.contrasts, small.blocks, 0.3)
    first, second = (fit_contrasts(small.y[cut], *rest) for cut in (CUTS[0], CUTS[3]))
    assert join_fits([first, second]).df_contrast is None
    own = replace(
        second,
        df_contrast=np.full(second.estimate.shape, 5.5),
        df_wald=np.full(second.wald.shape, 4.5),
    )
    joined = join_fits([first, own])
    assert joined.df_contrast is not None
    assert joined.df_wald is not None
    assert joined.df_contrast.shape == joined.estimate.shape
    assert joined.df_wald.shape == joined.wald.shape
    for values, of_second in ((joined.df_contrast, 5.5), (joined.df_wald, 4.5)):
        assert (values[:23] == first.df_residual[0]).all()
        assert (values[23:] == of_second).all()
    assert joined.limma_ratio is None
