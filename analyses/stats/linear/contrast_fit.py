"""Contrasts of generalised least-squares fits of every feature, before moderation.

A contrast c has the exact unscaled variance c'(Q'V_g^-1 Q)^-1 c, from each feature's own V_g.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.common_gls import Parts, common_gls, directions, fit_complete, fit_filled
from analyses.stats.linear.common_weights import common_row, scaled_basis
from analyses.stats.linear.contrasts_fit_approximation import (
    ContrastsFitApproximation,
    contrasts_fit_approximation,
)
from analyses.stats.linear.feature_gls import feature_gls, observed_mean
from analyses.stats.linear.fit_checks import check_fit, check_sets
from analyses.stats.linear.gls import solve_gls
from analyses.stats.linear.missing import find_gaps
from analyses.stats.linear.missing_plot import allows_missing_plot
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats, Ints

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache


@dataclass(frozen=True)
class ContrastFit:
    """Contrasts of every feature before moderation.

    Parameters
    ----------
    estimate : ndarray of shape (n_features, n_contrasts)
        In the units of y; NaN where the feature's own missing values make it inestimable.
    unscaled_sd : ndarray of shape (n_features, n_contrasts)
        Standard error divided by the residual standard deviation (per-feature correlations with
        Kenward and Roger's degrees of freedom: with their adjustment).
    sigma2 : ndarray of shape (n_features,)
        Residual variance; NaN without residual degrees of freedom.
    df_residual : ndarray of shape (n_features,)
    mean : ndarray of shape (n_features,)
        Mean of the observed values, unweighted (limma's AveExpr).
    wald : ndarray of shape (n_features, n_sets)
        Wald statistic of each set of contrasts, divided by its number of independent
        directions, before division by the posterior variance; NaN where one is inestimable.
        Kenward and Roger's has their scale in it.
    wald_df : tuple of int
        Those numbers.
    df_contrast : ndarray of shape (n_features, n_contrasts) or None
        Satterthwaite's or Kenward and Roger's degrees of freedom (per-feature correlations only);
        None = df_residual.
    df_wald : ndarray of shape (n_features, n_sets) or None
        The same of the sets.
    limma_ratio : ndarray of shape (n_features, n_contrasts) or None
        Standard deviation by contrasts.fit's approximation divided by the exact one; NaN where
        either does not exist. None = the two are the same in every feature, or the design is not
        of full rank and the approximation does not exist.
    """

    estimate: Floats
    unscaled_sd: Floats
    sigma2: Floats
    df_residual: Floats
    mean: Floats
    wald: Floats
    wald_df: tuple[int, ...]
    df_contrast: Floats | None = None
    df_wald: Floats | None = None
    limma_ratio: Floats | None = None


@dataclass(frozen=True)
class _Job:
    """What all features of a fit share."""

    basis: DesignBasis
    k: Floats
    sets: list[list[int]]
    z: Floats
    rho: float
    approximation: ContrastsFitApproximation | None
    errors: str

    @property
    def wald_df(self) -> tuple[int, ...]:
        return tuple(directions(self.k[:, one]).shape[1] for one in self.sets)


def fit_contrasts(
    y: Floats,
    basis: DesignBasis,
    contrasts: Floats,
    blocks: Blocks | None = None,
    correlation: float = 0.0,
    weights: Floats | None = None,
    errors: str = "exact",
    sets: Sequence[Sequence[int]] | None = None,
) -> ContrastFit:
    """Fit every feature and evaluate contrasts of its coefficients.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        Values; NaN = missing.
    basis : DesignBasis
        Of the design matrix.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    blocks, correlation
        Samples of a block share this correlation; none means independent samples.
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights, positive wherever there is a value.
    errors : {"exact", "limma"}
        `exact`: each feature's own covariance. `limma`: contrasts.fit's approximation, which
        combines the feature's own standard deviations with the correlations of the coefficients
        in the fit without weights.
    sets : sequence of sequences of int, optional
        Columns of `contrasts` that are tested together; None = one set of all.

    Raises
    ------
    ValueError
        A contrast cannot be estimated or is not finite; limma's approximation of a design that is
        not of full rank; what `check_fit` refuses.
    """
    check_fit(y, basis, contrasts, weights, errors)
    row = common_row(weights) if errors == "exact" else None
    if row is not None:  # weights of samples alone: no weights, in scaled samples
        scaled, root = scaled_basis(basis, row), np.sqrt(row)
        fit = fit_contrasts(y * root, scaled, contrasts, blocks, correlation, sets=sets)
        return replace(fit, mean=observed_mean(y))
    k = basis.contrasts(contrasts)
    if np.isnan(k).any():
        raise ValueError("a contrast cannot be estimated with this design")
    # without blocks every sample is a block of its own
    z, rho = (np.eye(len(basis.q)), 0.0) if blocks is None else (blocks.indicators, correlation)
    chosen = check_sets(sets, k.shape[1])
    approximation = None
    if errors == "limma" or basis.rank == len(contrasts):
        approximation = contrasts_fit_approximation(basis, contrasts, z, rho, chosen)
    job = _Job(basis, k, chosen, z, rho, approximation, errors)
    if weights is not None or errors == "limma":
        return _fit_each(y, weights, job)
    return _fit_common(y, job)


def _fit_each(y: Floats, weights: Floats | None, job: _Job) -> ContrastFit:
    """Solve the normal equations of every feature."""
    whole = None if weights is not None else ~np.isnan(y).any(axis=1)
    differs = whole is None or not whole.all()
    out = _empty(len(y), job.k.shape[1], job.wald_df, differs and job.approximation is not None)

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        w = None if weights is None else weights[rows]
        fit = solve_gls(y[rows], job.basis, job.z, job.rho, w)
        _put(out, rows, feature_gls(y[rows], fit, job.k, job.sets, job.approximation, job.errors))

    for_blocks(len(y), _ROWS, work)
    if out.limma_ratio is not None and whole is not None:
        out.limma_ratio[whole] = 1.0  # no rounding where the two are the same
    return out


def _fit_common(y: Floats, job: _Job) -> ContrastFit:
    """Use what the complete features share; fill the gaps of the others where that can be."""
    gaps = find_gaps(y)
    approximation = job.approximation if gaps.rows.size else None
    common = common_gls(job.basis, job.k, job.z, job.rho, job.sets, approximation)
    out = _empty(len(y), job.k.shape[1], job.wald_df, approximation is not None)

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        _put(out, rows, fit_complete(y[rows], common))

    def incomplete(start: int, stop: int) -> None:
        patterns = gaps.patterns.of(slice(start, stop))
        rows, fillable = (
            gaps.rows[start:stop],
            allows_missing_plot(job.basis, patterns)[patterns.of_row],
        )
        filled, others = np.flatnonzero(fillable), rows[~fillable]
        if filled.size:
            _put(out, rows[filled], fit_filled(y[rows[filled]], common, patterns.of(filled)))
        if others.size:
            fit = solve_gls(y[others], job.basis, job.z, job.rho, None)
            _put(out, others, feature_gls(y[others], fit, job.k, job.sets, approximation))

    for_blocks(len(y), _ROWS, complete)
    for_blocks(len(gaps.rows), _ROWS, incomplete)
    return out


def join_fits(fits: Sequence[ContrastFit]) -> ContrastFit:
    """Put fits of parts of the features together, in their order.

    Parameters
    ----------
    fits : sequence of ContrastFit
        Of the same contrasts, sets, design and correlation; not empty.
    """
    joined = {}
    for field in fields(ContrastFit):
        parts = [getattr(f, field.name) for f in fits]
        if field.name == "wald_df":
            joined[field.name] = parts[0]
        elif any(part is not None for part in parts):
            joined[field.name] = _joined([_stated(f, field.name) for f in fits])
    return ContrastFit(**joined)


def _stated(fit: ContrastFit, name: str) -> Floats:
    """One field of a part; what None stands for written out."""
    values: Floats | None = getattr(fit, name)
    if values is not None:
        return values
    if name == "limma_ratio":
        return np.broadcast_to(1.0, fit.estimate.shape)
    shape = fit.estimate.shape if name == "df_contrast" else fit.wald.shape
    return np.broadcast_to(fit.df_residual[:, None], shape)


def _joined(parts: Sequence[Floats]) -> Floats:
    """Rows below each other, column by column in memory."""
    out = np.empty((sum(len(p) for p in parts), *parts[0].shape[1:]), order="F")
    np.concatenate(parts, out=out)
    return out


def _empty(n: int, n_contrasts: int, wald_df: tuple[int, ...], differs: bool) -> ContrastFit:
    """Room for a fit; what is read contrast by contrast lies contrast by contrast."""
    shape = (n, n_contrasts)
    estimate, sd = (np.empty(shape, order="F") for _ in range(2))
    sigma2, df, mean = (np.empty(n) for _ in range(3))
    wald = np.empty((n, len(wald_df)), order="F")
    ratio = np.ones(shape, order="F") if differs else None
    return ContrastFit(estimate, sd, sigma2, df, mean, wald, wald_df, limma_ratio=ratio)


def _put(out: ContrastFit, rows: slice | Ints, parts: Parts) -> None:
    for name, values in zip(parts._fields, parts, strict=True):
        place = getattr(out, name)
        if place is not None and values is not None:
            place[rows] = values
