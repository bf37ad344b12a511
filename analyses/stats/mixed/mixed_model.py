"""Mixed models: a random intercept of the blocks, with variances of its own for each feature.

y = X b + Z u + e, variances t2 of the block effects u and s2 of e, by restricted maximum
likelihood (Patterson & Thompson 1971) with t2 >= 0; generalised least squares with each feature's
own correlation t2 / (t2 + s2); Satterthwaite's degrees of freedom. What lmerTest computes feature
by feature (and dream for RNA: Hoffman & Roussos 2021).
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
from analyses.stats.mixed.reml import block_rho
from analyses.stats.mixed.satterthwaite import (
    RatioInformation,
    joint_df,
    ratio_information,
    satterthwaite_df,
)
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Floats, Ints

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache
_OWN_ROWS = 256  # the same where each feature has matrices of its own
#: Largest correlation; some CpGs follow a variant of the DNA and hardly vary within a person.
_HIGHEST = 1.0 - 1e-6


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
class _Set:
    """Contrasts tested together; `turn` makes them the directions of `k` (rank, q)."""

    columns: list[int]
    turn: Floats
    k: Floats


@dataclass(frozen=True)
class _Components:
    """Variance components of some features and what every contrast needs of them.

    `shrunk` is 1 / (1 + l d), of shape (n_features, k); the others have shape (n_features,).
    """

    correlation: Floats
    ratio: Floats
    shrunk: Floats
    sigma2: Floats
    information: RatioInformation


def fit_mixed(
    y: Floats,
    basis: DesignBasis,
    contrasts: Floats,
    blocks: Blocks,
    weights: Floats | None = None,
    sets: Sequence[Sequence[int]] | None = None,
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

    Raises
    ------
    ValueError
        A contrast cannot be estimated, is not finite or all zeros; the design leaves no residual
        degrees of freedom; a value is infinite; a weight is not positive and finite.

    Notes
    -----
    A feature whose t2 is 0, or whose components cannot be told apart, has the ordinary
    least-squares fit with its residual degrees of freedom.
    """
    check_fit(y, basis, contrasts, weights, "exact")
    k = basis.contrasts(contrasts)
    if np.isnan(k).any():
        raise ValueError("a contrast cannot be estimated with this design")
    of_sets = [_set_of(k, one) for one in check_sets(sets, k.shape[1])]
    out = _empty(len(y), k.shape[1], tuple(one.k.shape[1] for one in of_sets))
    if weights is not None:

        def weighted(start: int, stop: int) -> None:
            rows = slice(start, stop)
            _put(out, rows, rotate_each(y[rows], basis, blocks, k, weights[rows]), k, of_sets)

        for_blocks(len(y), _OWN_ROWS, weighted)
        return out
    gaps, common = find_gaps(y), common_rotation(basis, blocks, k)

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        _put(out, rows, rotate_complete(y[rows], common), k, of_sets)

    def incomplete(start: int, stop: int) -> None:
        rows = gaps.rows[start:stop]
        _put(out, rows, rotate_each(y[rows], basis, blocks, k), k, of_sets)

    for_blocks(len(y), _ROWS, complete)
    for_blocks(len(gaps.rows), _OWN_ROWS, incomplete)
    return out


def _set_of(k: Floats, columns: list[int]) -> _Set:
    """Independent directions with the nonzero eigenvalues of the contrasts' covariance."""
    u, s, vt = np.linalg.svd(k[:, columns], full_matrices=False)
    keep = s > 1e-9 * s[0]
    return _Set(columns, vt[keep].T, u[:, keep] * s[keep])


def _empty(n: int, n_contrasts: int, wald_df: tuple[int, ...]) -> MixedFit:
    """Room for a fit; what is read contrast by contrast lies contrast by contrast."""
    estimate, sd, df = (np.empty((n, n_contrasts), order="F") for _ in range(3))
    wald, df_wald = (np.empty((n, len(wald_df)), order="F") for _ in range(2))
    sigma2, n_free, mean, correlation = (np.empty(n) for _ in range(4))
    fit = ContrastFit(estimate, sd, sigma2, n_free, mean, wald, wald_df, df, df_wald)
    return MixedFit(fit, correlation)


def _put(
    out: MixedFit, rows: slice | Ints, rotated: RotatedFeatures, k: Floats, of_sets: Sequence[_Set]
) -> None:
    """Fit one block of features and write it where it belongs."""
    c = _components(rotated)
    estimate, sd, df = _contrasts_of(rotated, c, k)
    wald, df_wald = np.empty((2, len(estimate), len(of_sets)))
    for i, one in enumerate(of_sets):
        along = estimate[:, one.columns] @ one.turn
        wald[:, i], df_wald[:, i] = _joint(rotated, c, one.k, along)
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


def _components(rotated: RotatedFeatures) -> _Components:
    """Estimate both variances of every feature."""
    n, d, n_free = len(rotated.rss0), rotated.d, rotated.n_free
    carries = (d > 0).any(axis=0)
    alike = len(d) == 1 and n > 0  # then all have the same residual degrees of freedom, too
    rho = block_rho(
        d[:, carries], rotated.squares[:, carries], rotated.rss0,
        np.maximum(n_free[:1] if alike else n_free, 1.0), 0.0, _HIGHEST,
    )  # fmt: skip
    rho = np.where(rotated.known, rho, np.nan)
    used = np.where(np.isnan(rho), 0.0, rho)
    ratio = used / (1.0 - used)
    shrunk = 1.0 / (1.0 + ratio[:, None] * d)
    rss = rotated.rss0 + (rotated.squares * shrunk).sum(axis=1)
    sigma2 = np.where(n_free > 0, rss / np.maximum(n_free, 1.0) * (1.0 + ratio), np.nan)
    information = ratio_information(d, rotated.squares, rss, n_free, ratio, used < _HIGHEST)
    return _Components(rho, ratio, shrunk, sigma2, information)


def _contrasts_of(
    rotated: RotatedFeatures, c: _Components, k: Floats
) -> tuple[Floats, Floats, Floats]:
    """Estimates, unscaled standard deviations and degrees of freedom, (n_features, n_contrasts)."""
    ratio = c.ratio[:, None]
    e = rotated.across @ k
    estimate = rotated.estimate - _along(ratio * rotated.h * c.shrunk, e)
    e *= e
    variance = ((rotated.inverse @ k) * k).sum(axis=1) + _along(ratio * c.shrunk, e)
    slope = _along(c.shrunk**2, e)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = satterthwaite_df(slope / variance, c.information)
        sd = np.sqrt(np.maximum(variance, 0.0) / (1.0 + ratio))
    unknown = np.isnan(estimate)
    return estimate, np.where(unknown, np.nan, sd), np.where(unknown, np.nan, df)


def _joint(
    rotated: RotatedFeatures, c: _Components, k: Floats, estimate: Floats
) -> tuple[Floats, Floats]:
    """Wald statistic a direction and its degrees of freedom, both of shape (n_features,).

    Parameters
    ----------
    k : ndarray of shape (rank, q)
        Independent directions.
    estimate : ndarray of shape (n_features, q)
    """
    base, e = k.T @ rotated.inverse @ k, rotated.across @ k
    wald, df = np.full((2, len(estimate)), np.nan)
    ok = ~np.isnan(estimate).any(axis=1)
    plain, blocked = np.flatnonzero(ok & (c.ratio == 0)), np.flatnonzero(ok & (c.ratio > 0))
    if plain.size:
        own, right = _some(base, plain), estimate[plain, :, None]
        wald[plain] = (estimate[plain] * np.linalg.solve(own, right)[:, :, 0]).mean(axis=1)
        df[plain] = rotated.n_free[plain]
    if blocked.size:
        ratio, shrunk, e = c.ratio[blocked, None], c.shrunk[blocked], _some(e, blocked)
        covariance = _some(base, blocked) + _outer(ratio * shrunk, e)
        values, vectors = np.linalg.eigh(covariance)
        turned_slope = (vectors * (_outer(shrunk**2, e) @ vectors)).sum(axis=1)
        along = (estimate[blocked, None, :] @ vectors)[:, 0, :]
        wald[blocked] = (along**2 / values).mean(axis=1) * (1.0 + c.ratio[blocked])
        of_ratio = _rows_of(c.information, blocked)
        df[blocked] = joint_df(satterthwaite_df(turned_slope / values, of_ratio))
    return wald, df


def _rows_of(information: RatioInformation, rows: Ints) -> RatioInformation:
    return RatioInformation(
        information.n_free[rows],
        information.drift[rows],
        information.curvature[rows],
        information.estimated[rows],
    )


def _some(a: Floats, rows: Ints) -> Floats:
    """Chosen rows of what may be shared by all."""
    return a if len(a) == 1 else a[rows]


def _along(x: Floats, e: Floats) -> Floats:
    """Sum x_k e_kj over k; `e` of shape (n_features or 1, k, m)."""
    return rows_times(x, e[0]) if len(e) == 1 else (x[:, None, :] @ e)[:, 0, :]


def _outer(x: Floats, e: Floats) -> Floats:
    """Sum x_k e_ki e_kj over k; shape (n_features, q, q)."""
    if len(e) > 1:
        return np.asarray(e.transpose(0, 2, 1) @ (x[:, :, None] * e))
    q = e.shape[2]
    return rows_times(x, (e[0, :, :, None] * e[0, :, None, :]).reshape(-1, q * q)).reshape(-1, q, q)
