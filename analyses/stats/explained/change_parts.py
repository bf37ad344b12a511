"""Parts of a change: what each variable's change explains, and what remains.

total = remaining + sum of a_k g_k, exactly: a_k the change of variable k, g_k the feature's slope
on it. Total and remaining have moderated t statistics of the fits without and with the variables.
The change of a variable is estimated, too, in the same few people, so a part a_k g_k is a product
of two estimates; see `bilinear`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.explained.bilinear import bilinear_range, distance_to_zero
from analyses.stats.explained.change_fit import ChangeFit
from analyses.stats.explained.within_people import WithinPeople
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import posterior_variance, total_df
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.numeric.parallel import for_blocks
from analyses.stats.numeric.tail_table import t_quantile_of_rows, t_two_sided_of_rows
from analyses.stats.numeric.tails import t_quantile, t_two_sided
from cohortmart.core.types import Bools, Floats

_ROWS = 2048  # features a block of work; its arrays stay in the processor's cache
_TAIL = 0.025


@dataclass(frozen=True, eq=False)
class ChangeParts:
    """One contrast of every feature in parts: total, remaining, each variable, all variables.

    The last part is there with two variables or more.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, p_value : ndarray of shape (n_features, n_parts)
        95 % intervals; the standard error of a product is that of its linear terms.
    change, change_p_value : ndarray of shape (n_features, n_variables)
        Of the variables, over the samples in which the feature has values; in their own units.
    """

    estimate: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    change: Floats
    change_p_value: Floats


@dataclass(frozen=True, eq=False)
class _Variances:
    """Posterior variance, degrees of freedom and t quantile of every feature, (n_features,)."""

    s2: Floats
    df: Floats
    quantile: Floats


def variances_of(fit: ChangeFit, *, remaining: bool) -> ContrastFit:
    """Return the residual variances without or with the variables, as moderation takes them.

    Parameters
    ----------
    fit : ChangeFit
    remaining : bool
        Of the fit with the variables.

    Returns
    -------
    ContrastFit
        Without contrasts.
    """
    sigma2 = fit.sigma2_remaining if remaining else fit.sigma2_total
    df = fit.df_remaining if remaining else fit.df_total
    none = np.empty((len(sigma2), 0))
    return ContrastFit(none, none, sigma2, df, fit.mean, none, ())


class ChangeTests:
    """Tests of the parts of any contrast.

    Parameters
    ----------
    fit : ChangeFit
    within : WithinPeople
        That of the fit.
    prior_total, prior_remaining : VariancePrior
        What the variances without and with the variables are drawn to, see `variances_of`.
    """

    def __init__(
        self,
        fit: ChangeFit,
        within: WithinPeople,
        prior_total: VariancePrior,
        prior_remaining: VariancePrior,
    ) -> None:
        self.fit, self.within = fit, within
        self._total = _moderated(variances_of(fit, remaining=False), prior_total)
        self._remaining = _moderated(variances_of(fit, remaining=True), prior_remaining)
        self._noise_quantile = float(t_quantile(_TAIL, float(within.noise_df)))
        unscaled = np.sqrt(np.diagonal(fit.slope_inverse, axis1=1, axis2=2))
        self._slope_se = np.sqrt(self._remaining.s2)[:, None] * unscaled[fit.equations]
        self._slope_p = self._p_value(fit.slopes, self._slope_se, self._remaining)
        self._rotation = _rotation(fit.slope_inverse, within.noise)

    @property
    def slopes(self) -> Floats:
        """Of every feature on every variable, in its own units; (n_features, n_variables)."""
        return np.asarray(self.fit.slopes / self.within.scale)

    @property
    def slope_p_values(self) -> Floats:
        """Two-sided P values of the slopes; (n_features, n_variables)."""
        return self._slope_p

    def of_contrast(self, k: Floats) -> ChangeParts:
        """Part a contrast.

        Parameters
        ----------
        k : ndarray of shape (rank,)
            A column of `WithinPeople.contrasts`.

        Raises
        ------
        ValueError
            The contrast cannot be estimated within people.
        """
        if np.isnan(k).any():
            raise ValueError("the contrast cannot be estimated within people")
        fit, m = self.fit, self.within.n_variables
        own = _OwnChanges.of(fit, k, self.within)
        n, n_parts = len(fit.slopes), 2 + m + (m > 1)
        estimate, se, low, high, p = (np.empty((n, n_parts), order="F") for _ in range(5))

        def work(start: int, stop: int) -> None:
            some = slice(start, stop)
            of = fit.equations[some]
            total = np.where(own.unknown[of], np.nan, fit.coefficients[some] @ k)
            change, slopes = own.change[of], fit.slopes[some]
            products = change * slopes
            everything = products.sum(axis=1)
            parts = np.column_stack([total, total - everything, products, everything])[:, :n_parts]
            estimate[some] = parts
            se[some, 0] = np.sqrt(own.variance[of] * self._total.s2[some])
            se[some, 1] = np.sqrt(own.variance_remaining[of] * self._remaining.s2[some])
            for j, v in enumerate((self._total, self._remaining)):
                half = v.quantile[some] * se[some, j]
                low[some, j], high[some, j] = parts[:, j] - half, parts[:, j] + half
            self._products(some, own, estimate, se, low, high)
            if m > 1:
                self._sum(some, own, estimate, se, low, high, p)

        for_blocks(n, _ROWS, work)
        for j, v in enumerate((self._total, self._remaining)):
            p[:, j] = self._p_value(estimate[:, [j]], se[:, [j]], v)[:, 0]
        change_p = own.p_value[fit.equations]
        # the intersection-union test: neither the change nor the slope is 0
        p[:, 2 : 2 + m] = np.maximum(change_p, self._slope_p)
        return ChangeParts(
            estimate, se, low, high, p, own.change[fit.equations] * self.within.scale, change_p
        )

    def _products(
        self, some: slice, own: _OwnChanges, estimate: Floats, se: Floats, low: Floats, high: Floats
    ) -> None:
        """Fill in the parts of the single variables."""
        of = self.fit.equations[some]
        size = own.size[of]
        quantile = self._remaining.quantile[some]
        for j in range(self.within.n_variables):
            change, slope, slope_se = own.change[of, j], self.fit.slopes[some, j], self._slope_se
            h_change, h_slope = size * self._noise_quantile, slope_se[some, j] * quantile
            se[some, 2 + j] = np.hypot(change * slope_se[some, j], slope * size)
            low[some, 2 + j], high[some, 2 + j] = bilinear_range(
                estimate[some, 2 + j],
                (h_change * slope)[:, None],
                (h_slope * change)[:, None],
                (h_change * h_slope)[:, None],
            )

    def _sum(
        self,
        some: slice,
        own: _OwnChanges,
        estimate: Floats,
        se: Floats,
        low: Floats,
        high: Floats,
        p: Floats,
    ) -> None:
        """Fill in the part of all variables together."""
        of = self.fit.equations[some]
        to_change, coupling, to_slope = self._rotation
        size, s = own.size[of, None], np.sqrt(self._remaining.s2[some])[:, None]
        # standard deviations along coordinates in which changes and slopes pair off
        of_change = size * (self.fit.slopes[some, None, :] @ to_change[of])[:, 0]
        of_slope = s * (own.change[of][:, None, :] @ to_slope[of])[:, 0]
        both = size * s * coupling[of]
        last, centre = estimate.shape[1] - 1, estimate[some, -1]
        se[some, last] = np.sqrt((of_change**2).sum(axis=1) + (of_slope**2).sum(axis=1))
        distance, share = distance_to_zero(centre, of_change, of_slope, both)
        df = 1.0 / (share**2 / self.within.noise_df + (1.0 - share) ** 2 / self._remaining.df[some])
        p[some, last] = t_two_sided(distance, df)
        t_change, t_slope = self._noise_quantile, self._remaining.quantile[some][:, None]
        low[some, last], high[some, last] = bilinear_range(
            centre, t_change * of_change, t_slope * of_slope, t_change * t_slope * both
        )

    @staticmethod
    def _p_value(estimate: Floats, se: Floats, v: _Variances) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            t = estimate / se
        return t_two_sided_of_rows(t, np.broadcast_to(v.df[:, None], t.shape))


@dataclass(frozen=True, eq=False)
class _OwnChanges:
    """What a contrast does to the equations; arrays of shape (n_equations,) or (…, n_variables).

    Parameters
    ----------
    unknown : ndarray of bool
        The samples that are left do not tell the contrast.
    variance, variance_remaining : ndarray
        Unscaled, without and with the variables.
    change, p_value : ndarray of shape (n_equations, n_variables)
        Of the standardised variables.
    size : ndarray
        Standard errors of these changes.
    """

    unknown: Bools
    variance: Floats
    variance_remaining: Floats
    change: Floats
    p_value: Floats
    size: Floats

    @classmethod
    def of(cls, fit: ChangeFit, k: Floats, within: WithinPeople) -> _OwnChanges:
        along = fit.inverse @ k
        unknown = np.zeros(len(along), bool)
        deficient = np.flatnonzero(~fit.full)
        if deficient.size:
            inverse = fit.inverse[deficient]
            inside = inverse @ np.linalg.pinv(inverse, rcond=1e-9, hermitian=True)
            unknown[deficient] = np.abs(k - inside @ k).max(axis=1) > 1e-6 * np.abs(k).max()
        variance = np.where(unknown, np.nan, np.maximum(along @ k, 0.0))
        change = np.where(unknown[:, None], np.nan, k @ fit.change)
        of_slopes = (change[:, None, :] @ fit.slope_inverse @ change[:, :, None])[:, 0, 0]
        size = np.sqrt(np.maximum((fit.change_covariance @ k) @ k, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            t = change / size[:, None]
        p_value = t_two_sided(t, float(within.noise_df))
        return cls(unknown, variance, variance + of_slopes, change, p_value, size)


def _moderated(fit: ContrastFit, prior: VariancePrior) -> _Variances:
    df = total_df(fit, prior, None, 1)
    return _Variances(posterior_variance(fit, prior), df[:, 0], t_quantile_of_rows(_TAIL, df)[:, 0])


def _rotation(slope_inverse: Floats, noise: Floats) -> tuple[Floats, Floats, Floats]:
    """Return what makes changes and slopes pair off, one variable with one.

    With L L' the covariance of the changes, F F' that of the slopes and U S V' = L'F: L U, S, F V.
    """
    n, m = slope_inverse.shape[:2]
    known = ~np.isnan(slope_inverse[:, 0, 0])
    left, right = np.full((2, n, m, m), np.nan)
    middle = np.full((n, m), np.nan)
    of_noise, of_slopes = np.linalg.cholesky(noise), np.linalg.cholesky(slope_inverse[known])
    u, s, vt = np.linalg.svd(of_noise.T @ of_slopes)
    left[known], middle[known] = of_noise @ u, s
    right[known] = of_slopes @ vt.transpose(0, 2, 1)
    return left, middle, right
