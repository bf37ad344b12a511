"""Prior of the residual variances by likelihood, for features with different degrees of freedom.

s2_g ~ s2_prior F(d_g, df_prior), as in Smyth (2004) Stat Appl Genet Mol Biol 3:3. The log variances
less what chi-square noise adds to them, weighted by its inverse variance, give the level (with a
trend: a lowess over the mean expression); df_prior maximises the likelihood at that level. This
is what limma's eBayes computes since 3.62 where residual degrees of freedom differ: moments need
one number of them, as few make a log variance noisy and skew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second
from scipy import special

from analyses.stats.moderation.fit_f_dist import FEWEST_FEATURES, FEWEST_OF_TREND, VariancePrior
from analyses.stats.numeric.lowess import adaptive_span
from analyses.stats.numeric.unique_apply import unique_apply
from analyses.stats.numeric.weighted_lowess import weighted_lowess
from cohortmart.core.types import Bools, Floats

#: Variances below this share of the median of those above 0 are lifted to it.
_FLOOR = 1e-12
#: Fewer degrees of freedom say nothing (limma's limit).
_LEAST_DF = 0.01
#: Up to so many features the trend is one line; see `adaptive_span`.
_FEW_OF_TREND = 500
#: How much more or less than the upper quartile of the weights one point of a trend can weigh.
_WEIGHT_LIMITS = (1e-8, 100.0)
#: df_prior is looked for where limma does: half of it over 1 + half of it from 1/2 to 0.9998.
DF_LIMITS = (2.0, 9998.0)
_LOG_DF = np.linspace(np.log(DF_LIMITS[0]), np.log(DF_LIMITS[1]), 18)
#: How near the logarithm of df_prior is found.
_NEAR = 1e-12


@dataclass(frozen=True, eq=False)
class LogVariances:
    """Variances that can be used, ready for a likelihood.

    Parameters
    ----------
    s2, df : ndarray of shape (n,)
        Above 0.
    covariate : ndarray of shape (n,) or None
    weights : ndarray of shape (n,)
        How much each feature counts.
    """

    s2: Floats
    df: Floats
    covariate: Floats | None
    weights: Floats

    @cached_property
    def level(self) -> Floats:
        """Expected log of s2_prior less that of F: one value, or the trend at each feature."""
        half = self.df / 2.0
        e = np.log(self.s2) - unique_apply(special.digamma, half) + unique_apply(np.log, half)
        w = self.weights / unique_apply(lambda d: special.polygamma(1, d), half)
        if self.covariate is None:
            return np.full(len(e), (w * e).sum() / w.sum())
        order = np.argsort(self.covariate, kind="stable")
        span = adaptive_span(len(e), _FEW_OF_TREND)
        out = np.empty(len(e))
        w = np.clip(w / np.quantile(w, 0.75), *_WEIGHT_LIMITS)
        out[order] = weighted_lowess(self.covariate[order], e[order], w[order], span)
        return out

    def height(self, df_prior: float) -> float:
        """Return the log-likelihood of a df_prior at the level; constants are left out."""
        shift = log_scale_shift(df_prior)
        by_df = self._weight_by_df
        half = self._distinct / 2.0
        linear = self._linear - shift * float(half @ by_df)
        own = half * np.log(self._distinct / df_prior) - special.betaln(half, df_prior / 2.0)
        more = np.log1p(self._ratio * (np.exp(-shift) / df_prior))
        lost = (self._half * more).sum() + df_prior / 2.0 * (self.weights * more).sum()
        return float(own @ by_df) + linear - float(lost)

    def slope(self, df_prior: float) -> float:
        """Return the slope of the log-likelihood over the logarithm of df_prior."""
        half = df_prior / 2.0
        steep = float(special.polygamma(1, half)) / 2.0
        ratio = self._ratio * (np.exp(-log_scale_shift(df_prior)) / df_prior)
        share = ratio / (1.0 + ratio)
        pulled = (self._half * share).sum() + half * (self.weights * share).sum()
        pulled -= float(self._distinct @ self._weight_by_df) / 2.0
        own = special.digamma(half) - special.digamma(half + self._distinct / 2.0)
        spread = float(own @ self._weight_by_df) + (self.weights * np.log1p(ratio)).sum()
        return float(df_prior * (steep * pulled - spread / 2.0))

    @cached_property
    def _ratio(self) -> Floats:
        """Each variance over its level, times its degrees of freedom."""
        return self.df * np.exp(np.log(self.s2) - self.level)

    @cached_property
    def _half(self) -> Floats:
        return self.weights * self.df / 2.0

    @cached_property
    def _linear(self) -> float:
        return float((self._half * (np.log(self.s2) - self.level)).sum())

    @cached_property
    def _distinct(self) -> Floats:
        return np.unique(self.df)

    @cached_property
    def _weight_by_df(self) -> Floats:
        where = np.searchsorted(self._distinct, self.df)
        found = np.bincount(where, weights=self.weights, minlength=len(self._distinct))
        return np.asarray(found, float)


def likelihood_prior(s2: Floats, df: Floats, covariate: Floats | None = None) -> VariancePrior:
    """Estimate the prior by likelihood.

    Parameters
    ----------
    s2 : ndarray of shape (n_features,)
        Residual variances; NaN = none.
    df : ndarray of shape (n_features,)
        Their degrees of freedom; features with less than 0.01 say nothing.
    covariate : ndarray of shape (n_features,), optional
        Mean expression, for a trend.

    Notes
    -----
    A single feature is not shrunk (df_prior 0). Of variances that do not differ beyond chance
    df_prior is at its upper limit, 9,998; limma's search ends at 8,135 there.
    """
    used, data = usable(s2, df, covariate)
    everyone = np.ones(len(s2))
    if data is None:
        return VariancePrior(0.0 * everyone, np.nan * everyone, "likelihood")
    df_prior = most_likely_df(data)
    return VariancePrior(
        df_prior * everyone, s2_prior_of(data, df_prior, used, covariate), "likelihood"
    )


def usable(s2: Floats, df: Floats, covariate: Floats | None) -> tuple[Bools, LogVariances | None]:
    """Choose the features that say something of the prior.

    Returns
    -------
    used : ndarray of shape (n_features,)
    data : LogVariances or None
        Of these, each with weight 1; None if they are too few. Without a covariate where they are
        too few for a trend.
    """
    used = np.isfinite(s2) & (df >= _LEAST_DF)
    if covariate is not None:
        used &= np.isfinite(covariate)
    x = s2[used]
    if used.sum() < FEWEST_FEATURES or not (x > 0).any():
        return used, None
    x = np.maximum(x, _FLOOR * float(np.median(x[x > 0])))
    trend = covariate is not None and used.sum() >= FEWEST_OF_TREND
    return used, LogVariances(
        x, df[used].astype(float), covariate[used] if trend and covariate is not None else None,
        np.ones(len(x)),
    )  # fmt: skip


def most_likely_df(data: LogVariances) -> float:
    """Return the df_prior of the largest likelihood within its limits, whatever its maxima."""

    def slope(log_df: float) -> float:
        return data.slope(float(np.exp(log_df)))

    slopes = np.array([slope(t) for t in _LOG_DF])
    found = list(DF_LIMITS)
    for i in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        root = scipy.optimize.brentq(slope, _LOG_DF[i], _LOG_DF[i + 1], xtol=_NEAR)
        found.append(float(np.exp(root)))
    return max(found, key=data.height)


def s2_prior_of(
    data: LogVariances, df_prior: float, used: Bools, covariate: Floats | None
) -> Floats:
    """Return s2_prior of every feature; beside the trend, where there is no covariate, its mean."""
    out = np.full(len(used), float(data.level.mean()))
    if data.covariate is not None and covariate is not None:
        order = np.argsort(data.covariate, kind="stable")
        known = np.isfinite(covariate)
        out[known] = np.interp(covariate[known], data.covariate[order], data.level[order])
        out[used] = data.level
    return np.asarray(np.exp(out + log_scale_shift(df_prior)))


def reweighted(data: LogVariances, weights: Floats) -> LogVariances:
    """Return the same variances with other weights."""
    return replace(data, weights=weights)


def log_scale_shift(df_prior: float) -> float:
    """Return the log of s2_prior less the level."""
    return float(special.digamma(df_prior / 2.0) - np.log(df_prior / 2.0))
