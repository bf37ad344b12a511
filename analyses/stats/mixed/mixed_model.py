"""Mixed models: a random intercept of the blocks, with variances of its own for each feature.

y = X b + Z u + e, variances t2 of the block effects u and s2 of e, by restricted maximum
likelihood (Patterson & Thompson 1971) with t2 >= 0; generalised least squares with each feature's
own correlation t2 / (t2 + s2); degrees of freedom by Satterthwaite, or by Kenward and Roger with
their covariance. What lmerTest computes feature by feature (and dream for RNA: Hoffman & Roussos
2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.linear.fit_checks import check_fit, check_sets
from analyses.stats.linear.missing import find_gaps
from analyses.stats.mixed.block_rotation import (
    RotatedFeatures,
    common_rotation,
    rotate_complete,
    rotate_each,
)
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.components import DfMethod, estimate_components
from analyses.stats.mixed.mixed_contrasts import (
    ContrastSet,
    contrast_set,
    contrast_statistics,
    joint_statistics,
)
from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats, Ints

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache
_OWN_ROWS = 256  # the same where each feature has matrices of its own


@dataclass(frozen=True)
class MixedFit:
    """Contrasts with each feature's own correlation.

    Parameters
    ----------
    fit : ContrastFit
        With `df_contrast` and `df_wald`; `sigma2` is the total variance s2 + t2 (of a sample with
        the feature's mean weight).
    correlation : ndarray of shape (n_features,)
        Within blocks, from 0; NaN where it cannot be estimated and the samples were taken as
        independent.
    """

    fit: ContrastFit
    correlation: Floats


@dataclass(frozen=True)
class _Wanted:
    """Contrasts (rank, n_contrasts), sets of them, and their degrees of freedom."""

    k: Floats
    sets: list[ContrastSet]
    df: DfMethod


def fit_mixed(
    y: Floats,
    basis: DesignBasis,
    contrasts: Floats,
    blocks: Blocks,
    weights: Floats | None = None,
    sets: Sequence[Sequence[int]] | None = None,
    df: DfMethod = "satterthwaite",
) -> MixedFit:
    """Fit a random intercept of the blocks to every feature and evaluate contrasts.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        Values; NaN = missing.
    basis : DesignBasis
        Of the design matrix.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights, positive wherever there is a value: the noise of a sample has variance
        s2 / weight, the block effect t2 whatever the weight, as in lme4.
    sets : sequence of sequences of int, optional
        Columns of `contrasts` that are tested together; None = one set of all.
    df : {"satterthwaite", "kenward_roger"}
        Of contrasts and sets. Kenward and Roger's covariance stands in `unscaled_sd` and `wald`,
        the scale of their F in `wald`: divided by `sigma2`, these are their t and F.

    Raises
    ------
    ValueError
        A contrast cannot be estimated, is not finite or all zeros; the design leaves no residual
        degrees of freedom; a value is infinite; a weight is not positive and finite.

    Notes
    -----
    A feature whose t2 is 0, or whose components cannot be told apart, has the ordinary
    least-squares fit. Its degrees of freedom are the residual ones, but for Kenward and Roger's at
    a t2 of 0, which count it as estimated (as pbkrtest does).
    """
    check_fit(y, basis, contrasts, weights, "exact")
    k = basis.contrasts(contrasts)
    if np.isnan(k).any():
        raise ValueError("a contrast cannot be estimated with this design")
    of_sets = [contrast_set(k, one) for one in check_sets(sets, k.shape[1])]
    out, wanted = _empty(len(y), k.shape[1], of_sets), _Wanted(k, of_sets, df)
    if weights is not None:

        def weighted(start: int, stop: int) -> None:
            rows = slice(start, stop)
            _put(out, rows, rotate_each(y[rows], basis, blocks, k, weights[rows]), wanted)

        for_blocks(len(y), _OWN_ROWS, weighted)
        return out
    gaps, common = find_gaps(y), common_rotation(basis, blocks, k)

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        _put(out, rows, rotate_complete(y[rows], common), wanted)

    def incomplete(start: int, stop: int) -> None:
        rows = gaps.rows[start:stop]
        _put(out, rows, rotate_each(y[rows], basis, blocks, k), wanted)

    for_blocks(len(y), _ROWS, complete)
    for_blocks(len(gaps.rows), _OWN_ROWS, incomplete)
    return out


def _empty(n: int, n_contrasts: int, of_sets: Sequence[ContrastSet]) -> MixedFit:
    """Room for a fit; what is read contrast by contrast lies contrast by contrast."""
    wald_df = tuple(one.k.shape[1] for one in of_sets)
    estimate, sd, df = (np.empty((n, n_contrasts), order="F") for _ in range(3))
    wald, df_wald = (np.empty((n, len(wald_df)), order="F") for _ in range(2))
    sigma2, n_free, mean, correlation = (np.empty(n) for _ in range(4))
    fit = ContrastFit(estimate, sd, sigma2, n_free, mean, wald, wald_df, df, df_wald)
    return MixedFit(fit, correlation)


def _put(out: MixedFit, rows: slice | Ints, rotated: RotatedFeatures, wanted: _Wanted) -> None:
    """Fit one block of features and write it where it belongs."""
    c = estimate_components(rotated, wanted.df)
    estimate, sd, df = contrast_statistics(rotated, c, wanted.k)
    wald, df_wald = np.empty((2, len(estimate), len(wanted.sets)))
    for i, one in enumerate(wanted.sets):
        along = estimate[:, one.columns] @ one.turn
        wald[:, i], df_wald[:, i] = joint_statistics(rotated, c, one.k, along)
    out.correlation[rows] = c.correlation
    for name, values in (
        ("estimate", estimate),
        ("unscaled_sd", sd),
        ("sigma2", c.sigma2),
        ("df_residual", rotated.n_free),
        ("mean", rotated.mean),
        ("wald", wald),
        ("df_contrast", df),
        ("df_wald", df_wald),
    ):
        getattr(out.fit, name)[rows] = values
