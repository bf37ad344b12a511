"""Factors left out of the model: what that does, and what putting them in would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.estimability import is_estimable
from analyses.design.model_matrix import Design, build_design
from analyses.stats.linear.basis import design_basis
from cohortmart.app.check.names import quoted
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class OutsideFactor:
    """A factor that is not in the model.

    Parameters
    ----------
    factor : str
        Its name.
    shares : tuple of (str, float)
        Contrast to how much of a difference between two levels ends up in it; from 0.
    lost : tuple of str
        Contrasts that could no longer be estimated with the factor in the model.
    n_without : int
        Chosen samples without a value, which could not stay in such a model.
    uses_all : bool
        Such a model would leave no residual degrees of freedom.
    renames : bool
        Such a formula has other names for its coefficients.
    """

    factor: str
    shares: tuple[tuple[str, float], ...]
    lost: tuple[str, ...]
    n_without: int
    uses_all: bool
    renames: bool


def look_outside(
    factor: str,
    samples: pl.DataFrame,
    design: Design,
    contrasts: Mapping[str, Floats],
    model: Model,
    study: Study,
) -> OutsideFactor:
    """Say what a factor does to contrasts of a model without it.

    Parameters
    ----------
    factor : str
    samples : DataFrame
        The chosen rows of `dim_sample`, in the order of the design.
    design : Design
        Without the factor.
    contrasts : mapping of str to ndarray of shape (n_coefficients,)
        Those that can be estimated.
    model : Model
    study : Study
    """
    levels = samples[factor].cast(pl.String).to_list()
    has = np.array([bool(level) for level in levels])
    indicators = np.array(
        [[level == name for name in sorted({v for v in levels if v})] for level in levels],
        dtype=np.float64,
    )
    estimate = np.linalg.pinv(design.matrix)
    shares = {n: float(np.abs(w @ estimate @ indicators).max()) for n, w in contrasts.items()}
    # the first level is the reference: its column would be the sum of what is there already
    wider = np.hstack([design.matrix, indicators[:, 1:]])[has]
    basis = design_basis(wider)
    padding = np.zeros(indicators.shape[1] - 1)
    return OutsideFactor(
        factor,
        shares=tuple(shares.items()),
        lost=tuple(
            name
            for name, weights in contrasts.items()
            if not is_estimable(basis, np.concatenate([weights, padding]))
        ),
        n_without=int((~has).sum()),
        uses_all=len(wider) <= basis.rank,
        renames=_renames(factor, samples.filter(pl.Series(has)), design, model, study),
    )


def _renames(
    factor: str, samples: pl.DataFrame, design: Design, model: Model, study: Study
) -> bool:
    """Whether formulaic codes the terms differently beside the factor."""
    if model.formula is None:
        return False
    changed = model.model_copy(update={"formula": f"{model.formula} + {quoted(factor)}"})
    try:
        columns = build_design(samples, changed, study, "").columns
    except AnalysisError:
        return False
    return not set(design.columns) <= set(columns)
