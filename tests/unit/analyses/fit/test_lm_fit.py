"""What is fitted beside the contrasts: the same change in beta, with the model's correlation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from analyses.fit.lm_fit import FitRequest, feature_fits
from analyses.fit.response import ValueBlock, ValuesInMemory
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.components import DfMethod
from analyses.stats.mixed.mixed_model import fit_mixed


@pytest.mark.parametrize(
    ("correlation", "df"),
    [
        ("consensus", "satterthwaite"),
        ("per_feature", "satterthwaite"),
        ("per_feature", "kenward_roger"),
    ],
)
def test_delta_beta_and_df_are_those_of_the_model(correlation: str, df: DfMethod) -> None:
    rng = np.random.default_rng(8)
    # three visits, the last one missed by half of the women: the correlation moves the estimate
    visits = [(w, v) for w in range(8) for v in range(3) if v < 2 or w % 2]
    matrix = np.array([[float(v == k) for k in range(3)] for _, v in visits])
    basis, blocks = design_basis(matrix), make_blocks([str(w) for w, _ in visits])
    beta = 0.5 + 0.1 * rng.normal(size=(6, 8)) @ blocks.indicators.T
    beta += 0.05 * rng.normal(size=beta.shape)
    ids = pa.array([f"cg{i}" for i in range(6)])
    contrast = np.array([[-1.0], [0.0], [1.0]])
    prepared: Any = SimpleNamespace(
        values=ValuesInMemory(ValueBlock(ids, np.log2(beta / (1 - beta)), beta=beta)),
        basis=basis,
        blocks=blocks,
        correlation=0.1,
    )
    analysis: Any = SimpleNamespace(
        model=SimpleNamespace(correlation=correlation, df=df), contrast_errors="exact"
    )
    fits = feature_fits("a", analysis, prepared, FitRequest(contrast, {}, contrast[:, :0]))
    shared = fit_contrasts(beta, basis, contrast, blocks, 0.1).estimate
    own = fit_mixed(beta, basis, contrast, blocks).fit.estimate
    assert np.abs(shared - own).max() > 1e-3
    expected = own if correlation == "per_feature" else shared
    np.testing.assert_allclose(fits.delta_beta, expected, rtol=0, atol=1e-12)
    if correlation == "per_feature":
        wanted = fit_mixed(np.log2(beta / (1 - beta)), basis, contrast, blocks, df=df).fit
        np.testing.assert_array_equal(fits.fit.df_contrast, wanted.df_contrast)
        np.testing.assert_array_equal(fits.fit.unscaled_sd, wanted.unscaled_sd)
