"""Moderated t statistics, their P values, intervals and log-odds (Smyth 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.numeric.parallel import for_blocks
from analyses.stats.numeric.tail_table import shared_df, t_quantile_of_rows, t_two_sided_of_rows
from analyses.stats.numeric.tails import f_upper, t_quantile, t_two_sided
from cohortmart.core.types import Floats

#: Share of features assumed to change, for the log-odds only.
PROPORTION = 0.01
#: Limits of the standard deviation of a true change, in units of log2, for the log-odds only.
SD_LIMITS = (0.1, 4.0)

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache


@dataclass(frozen=True)
class ModeratedFit:
    """Moderated statistics; arrays of shape (n_features, n_contrasts) unless said otherwise.

    Parameters
    ----------
    t, p_value, se, ci_low, ci_high, b
        Moderated t, its two-sided P value, standard error sqrt(s2_post) x unscaled sd, 95 %
        interval, and log-odds that the contrast is not zero.
    s2_post : ndarray of shape (n_features,)
    df_total
        A read-only view of one column where all contrasts share their degrees of freedom.
    """

    t: Floats
    p_value: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    b: Floats
    s2_post: Floats
    df_total: Floats


@dataclass(frozen=True)
class JointTest:
    """F tests that all contrasts of a set are zero; arrays of shape (n_features, n_sets).

    Parameters
    ----------
    f, p_value
    df1 : tuple of int, one a set
        Independent directions of the set.
    df2
        A read-only view of one column where all sets share it.
    """

    f: Floats
    df1: tuple[int, ...]
    df2: Floats
    p_value: Floats


def ebayes(fit: ContrastFit, prior: VariancePrior) -> ModeratedFit:
    """Shrink the residual variances towards the prior and test each contrast.

    Notes
    -----
    s2_post = (df_prior s2_prior + df s2) / (df_prior + df), df the residual ones;
    df_total = min(df + df_prior, sum of all residual df), df those of the contrast where it has
    its own (Satterthwaite's, or Kenward and Roger's, of the mixed model), else the residual ones.
    """
    s2_post = posterior_variance(fit, prior)
    df_total = total_df(fit, prior, fit.df_contrast, fit.estimate.shape[1])
    quantile = t_quantile_of_rows(0.025, df_total)
    t, se, low, high = (np.empty(fit.estimate.shape, order="F") for _ in range(4))

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        se[rows] = np.sqrt(s2_post[rows])[:, None] * fit.unscaled_sd[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            t[rows] = fit.estimate[rows] / se[rows]
        half = quantile[rows] * se[rows]
        low[rows], high[rows] = fit.estimate[rows] - half, fit.estimate[rows] + half

    for_blocks(len(t), _ROWS, work)
    p = t_two_sided_of_rows(t, df_total)
    b = log_odds(t, fit.unscaled_sd, df_total, prior, p)
    return ModeratedFit(t, p, se, low, high, b, s2_post, df_total)


def posterior_variance(fit: ContrastFit, prior: VariancePrior) -> Floats:
    """Return s2_post, of shape (n_features,)."""
    df = _residual_df(fit)
    s2 = np.where(df > 0, fit.sigma2, 0.0)
    d0, s0 = prior.df_prior, prior.s2_prior
    finite = np.where(np.isfinite(d0), d0, 0.0)
    weight = np.where(finite + df > 0, finite + df, np.nan)
    shrunk = (finite * np.where(finite > 0, s0, 0.0) + df * s2) / weight
    return np.where(np.isinf(d0), s0, shrunk)


def total_df(fit: ContrastFit, prior: VariancePrior, own: Floats | None, n_columns: int) -> Floats:
    """Return df_total of contrasts or of sets of contrasts.

    Parameters
    ----------
    own : ndarray of shape (n_features, n_columns) or None
        Their own degrees of freedom; None: the residual ones of the feature.

    Returns
    -------
    ndarray of shape (n_features, n_columns)
        NaN where there are none; a read-only view of one column if `own` is None.
    """
    residual = _residual_df(fit)
    most = residual.sum()
    if own is None:
        total = np.minimum(residual + prior.df_prior, most)
        total = np.where(total > 0, total, np.nan)
        return np.broadcast_to(total[:, None], (len(total), n_columns))
    out = np.empty(own.shape, order="F")

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        df = np.where((residual[rows] > 0)[:, None], own[rows], 0.0)
        total = np.minimum(df + prior.df_prior[rows, None], most)
        out[rows] = np.where(total > 0, total, np.nan)

    for_blocks(len(out), _ROWS, work)
    return out


def _residual_df(fit: ContrastFit) -> Floats:
    """Those that carry a variance."""
    return np.where(np.isfinite(fit.sigma2), fit.df_residual, 0.0)


def joint_test(fit: ContrastFit, prior: VariancePrior) -> JointTest:
    """Test each set of contrasts together with the posterior variance as denominator.

    Notes
    -----
    df2 = min(df + df_prior, sum of all residual df), df as in `ebayes` (of the set: Fai &
    Cornelius 1996).
    """
    s2_post = posterior_variance(fit, prior)
    df2 = total_df(fit, prior, fit.df_wald, fit.wald.shape[1])
    f, p = (np.empty(fit.wald.shape, order="F") for _ in range(2))
    df1 = np.array(fit.wald_df, float)

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        with np.errstate(divide="ignore", invalid="ignore"):
            f[rows] = fit.wald[rows] / s2_post[rows, None]
        p[rows] = f_upper(f[rows], df1, df2[rows])

    for_blocks(len(f), _ROWS, work)
    return JointTest(f, fit.wald_df, df2, p)


def log_odds(
    t: Floats,
    unscaled_sd: Floats,
    df_total: Floats,
    prior: VariancePrior,
    p_value: Floats | None = None,
) -> Floats:
    """Return limma's B, the log-odds that a contrast differs from zero.

    The variance of true changes, v0 (in units of the residual variance), is the mean of what the
    most extreme t statistics of the contrast imply (Smyth 2004, section 6.3).

    Parameters
    ----------
    t, unscaled_sd, df_total : ndarray of shape (n_features, n_contrasts)
    p_value : ndarray of shape (n_features, n_contrasts), optional
        Two-sided, of t, if known.
    """
    p = t_two_sided_of_rows(t, df_total) if p_value is None else p_value
    middle = float(np.nanmedian(prior.s2_prior)) if np.isfinite(prior.s2_prior).any() else np.nan
    limits = (SD_LIMITS[0] ** 2 / middle, SD_LIMITS[1] ** 2 / middle)
    v0 = np.empty(t.shape[1])
    b = np.empty(t.shape, order="F")
    shared = shared_df(df_total)
    wide = df_total if shared is None else shared[:, None]

    def of_contrasts(start: int, stop: int) -> None:
        for j in range(start, stop):
            v0[j] = _change_variance(t[:, j], unscaled_sd[:, j], df_total[:, j], p[:, j], limits)

    def of_rows(start: int, stop: int) -> None:
        rows = slice(start, stop)
        # t may be infinite
        v1, square = unscaled_sd[rows] ** 2, np.minimum(np.abs(t[rows]), 1e150) ** 2
        ratio = (v1 + v0) / v1
        df = np.where(np.isfinite(wide[rows]), wide[rows], 1.0)
        kernel = (1 + df) / 2 * np.log((square + df) / (square / ratio + df))
        normal = prior.df_prior[rows] > 1e6
        if normal.any():
            limit = square * (1 - 1 / ratio) / 2
            kernel = np.where(normal[:, None], limit, kernel)
        b[rows] = np.log(PROPORTION / (1 - PROPORTION)) - np.log(ratio) / 2 + kernel

    for_blocks(t.shape[1], 1, of_contrasts)
    for_blocks(len(t), _ROWS, of_rows)
    return b


def _change_variance(
    t: Floats, unscaled_sd: Floats, df: Floats, p_value: Floats, limits: tuple[float, float]
) -> float:
    """Match the tail of |t| to a mixture of changed and unchanged features."""
    finite = np.flatnonzero(np.isfinite(t) & np.isfinite(df))
    n = finite.size
    n_top = int(np.ceil(PROPORTION / 2 * n))
    if n_top < 1:
        return float("nan")
    p = max(n_top / n, PROPORTION)
    d_max = df[finite].max()
    tail = p_value[finite]
    # whatever the df, the most extreme have the smallest tails; some to spare for their rounding
    candidates = finite[tail <= np.partition(tail, n_top - 1)[n_top - 1] * (1 + 1e-6)]
    size, d = np.abs(t[candidates]), df[candidates]
    fewer = d < d_max  # bring all to the same degrees of freedom by their tail probability
    tail = p_value[candidates[fewer]] / 2
    size[fewer] = t_quantile(np.maximum(tail, 1e-300), d_max)
    top = np.argsort(-size, kind="stable")[:n_top]
    size, v1 = size[top], unscaled_sd[candidates[top]] ** 2
    by_chance = t_two_sided(size, d_max)
    rank = np.arange(1, n_top + 1)
    target = ((rank - 0.5) / n - (1 - p) * by_chance) / p
    v0 = np.zeros(n_top)
    more = target > by_chance
    wanted = t_quantile(target[more] / 2, d_max)
    v0[more] = v1[more] * ((size[more] / wanted) ** 2 - 1)
    return float(np.clip(v0, *limits).mean()) if np.isfinite(limits[0]) else float(v0.mean())
