"""Changes of every feature within people, fitted with and without other variables.

Both fits are weighted least squares with a level for every person, and share their weights, so
that they add up: with Q the basis of the design's changes, Z the variables and M = (Q'WQ)^-1, all
less the weighted means of people,

    coefficients without Z  b = M Q'W y,      the variables' own  A = M Q'W Z,
    slopes  g = S Z'W (y - Q b),  S = (Z'W (Z - Q A))^-1,
    coefficients with Z     b - A g           (Frisch & Waugh 1933, Econometrica 1:387).

b and g are uncorrelated given Z, so the covariance of both fits is M s2 for b with b - A g, and
that of b - A g is (M + A S A') s2. No matrix is larger than the basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from analyses.stats.explained.within_people import WithinPeople
from analyses.stats.linear.basis import is_rounding
from analyses.stats.linear.common_weights import common_row
from analyses.stats.linear.feature_gls import observed_mean
from analyses.stats.linear.missing import find_gaps
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Bools, Floats, Ints

_ROWS = 512  # features a block of work; its arrays stay in the processor's cache
_RANK = 1e-9  # eigenvalues below this share of the mean weight count as zero
_ROUNDING = 1e-10  # residual squares below this share of those without variables are none
_SLOPE = 1e-6  # the same of what is left of the variables, per degree of freedom


@dataclass(frozen=True, eq=False)
class ChangeFit:
    """Fits of every feature in the basis of `WithinPeople`, before moderation.

    Parameters
    ----------
    coefficients : ndarray of shape (n_features, rank)
        b, without the variables.
    slopes : ndarray of shape (n_features, n_variables)
        g, a standardised variable; NaN where the feature's missing values leave no information.
    sigma2_total, sigma2_remaining : ndarray of shape (n_features,)
        Residual variances without and with the variables; NaN without degrees of freedom, the
        second also where nothing is left, as of a feature that is one of the variables.
    df_total, df_remaining : ndarray of shape (n_features,)
    mean : ndarray of shape (n_features,)
        Of the observed values, unweighted.
    equations : ndarray of int of shape (n_features,)
        Which of the following belong to a feature.
    inverse : ndarray of shape (n_equations, rank, rank)
        M, of a deficient design the pseudo-inverse.
    change : ndarray of shape (n_equations, rank, n_variables)
        A.
    change_covariance : ndarray of shape (n_equations, rank, rank)
        Of a column of A, where the variable varies by 1: M Q'W^2 Q M; without weights M itself.
    slope_inverse : ndarray of shape (n_equations, n_variables, n_variables)
        S; NaN where there is none.
    full : ndarray of bool of shape (n_equations,)
        Whether the design has full rank.
    """

    coefficients: Floats
    slopes: Floats
    sigma2_total: Floats
    sigma2_remaining: Floats
    df_total: Floats
    df_remaining: Floats
    mean: Floats
    equations: Ints
    inverse: Floats
    change: Floats
    change_covariance: Floats
    slope_inverse: Floats
    full: Bools


@dataclass(frozen=True, eq=False)
class _Weights:
    """Weights of samples, one row a set of equations; 0 = not observed. `plain`: all others 1."""

    rows: Floats
    of_feature: Ints
    plain: bool


def fit_changes(y: Floats, within: WithinPeople, weights: Floats | None = None) -> ChangeFit:
    """Fit the changes of features with and without the variables.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        Values; NaN = missing.
    within : WithinPeople
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights, positive wherever there is a value; one row that `numpy.broadcast_to`
        shows to all features costs no more than none.

    Raises
    ------
    ValueError
        The shapes do not fit, a value is infinite, or a weight is not positive and finite.
    """
    _check(y, within, weights)
    w = _weights_of(y, weights)
    out = _empty(len(y), len(w.rows), within, plain=w.plain)
    out.equations[:] = w.of_feature
    out.mean[:] = observed_mean(y)
    rank, people = np.empty((2, len(w.rows)))

    def solve(start: int, stop: int) -> None:
        some = slice(start, stop)
        rank[some], people[some] = _solve(w.rows[some], w.plain, within, out, some)

    def estimate(start: int, stop: int) -> None:
        some = slice(start, stop)
        of = w.of_feature[some]
        _estimate(y[some], w.rows[of], of, rank[of], people[of], within, out, some)

    for_blocks(len(w.rows), _ROWS, solve)
    for_blocks(len(y), _ROWS, estimate)
    return out


def _check(y: Floats, within: WithinPeople, weights: Floats | None) -> None:
    n = len(within.variables)
    if y.ndim != 2 or y.shape[1] != n:
        raise ValueError(f"y of shape {y.shape} does not fit a design of {n} samples")
    if np.isinf(y).any():
        raise ValueError("y has infinite values")
    if weights is None:
        return
    if weights.shape != y.shape:
        raise ValueError(f"weights of shape {weights.shape} do not fit y of shape {y.shape}")
    if (~((weights > 0) & np.isfinite(weights)) & ~np.isnan(y)).any():
        raise ValueError("weights are not positive and finite")


def _weights_of(y: Floats, weights: Floats | None) -> _Weights:
    """Features that lack the same samples share a row, unless they have weights of their own."""
    row = common_row(weights)
    if weights is not None and row is None:
        rows = np.where(np.isnan(y), 0.0, weights)
        return _Weights(rows, np.arange(len(y)), False)
    gaps = find_gaps(y)
    masks = np.vstack([np.ones((1, y.shape[1])), gaps.patterns.masks])
    of_feature = np.zeros(len(y), np.int64)
    of_feature[gaps.rows] = 1 + gaps.patterns.of_row
    return _Weights(masks if row is None else masks * row, of_feature, row is None)


def _solve(
    w: Floats, plain: bool, within: WithinPeople, out: ChangeFit, some: slice
) -> tuple[Floats, Floats]:
    """Solve equations and write them; return the rank and the number of people of each."""
    r = within.basis.rank
    columns = np.hstack([within.basis.q, within.variables])
    people = rows_times(w, within.blocks.indicators)
    share = np.where(people > 0, 1.0 / np.where(people > 0, people, 1.0), 0.0)
    u = _in_people(w, columns, within)
    both = _squares(w, columns) - u.transpose(0, 2, 1) @ (share[:, :, None] * u)
    unit = w.sum(axis=1) / np.maximum((w > 0).sum(axis=1), 1)
    unit = np.where(unit > 0, unit, 1.0)[:, None, None]
    gram, cross = both[:, :r, :r], both[:, :r, r:]
    rank = (np.linalg.eigvalsh(gram / unit) > _RANK).sum(axis=1)
    full = rank == r
    inverse = np.empty_like(gram)
    inverse[full] = np.linalg.inv(gram[full])
    inverse[~full] = np.linalg.pinv(gram[~full], rcond=_RANK, hermitian=True)
    change = inverse @ cross
    left = both[:, r:, r:] - cross.transpose(0, 2, 1) @ change
    known = np.linalg.eigvalsh(left / unit)[:, 0] > _SLOPE * within.noise_df
    slope_inverse = np.full_like(left, np.nan)
    slope_inverse[known] = np.linalg.inv(left[known])
    covariance = inverse
    if not plain:
        squared = w * w
        u, u2 = u[:, :, :r], _in_people(squared, within.basis.q, within)
        two = (share[:, :, None] * u2).transpose(0, 2, 1) @ u
        again = rows_times(squared, within.blocks.indicators) * share * share
        middle = _squares(squared, within.basis.q) - two - two.transpose(0, 2, 1)
        middle += u.transpose(0, 2, 1) @ (again[:, :, None] * u)
        covariance = inverse @ middle @ inverse
    for name, values in (
        ("inverse", inverse),
        ("change", change),
        ("change_covariance", covariance),
        ("slope_inverse", slope_inverse),
        ("full", full),
    ):
        getattr(out, name)[some] = values
    return rank.astype(float), (people > 0).sum(axis=1).astype(float)


def _squares(w: Floats, columns: Floats) -> Floats:
    m = columns.shape[1]
    pairs = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    return rows_times(w, pairs).reshape(-1, m, m)


def _in_people(w: Floats, columns: Floats, within: WithinPeople) -> Floats:
    """Weighted sums of the columns over each person, of shape (n, n_people, m)."""
    z = within.blocks.indicators
    each = (z[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    return rows_times(w, each).reshape(-1, z.shape[1], columns.shape[1])


def _estimate(
    y: Floats,
    w: Floats,
    of: Ints,
    rank: Floats,
    people: Floats,
    within: WithinPeople,
    out: ChangeFit,
    some: slice,
) -> None:
    """Estimate coefficients, slopes and variances of some features."""
    q, z, codes = within.basis.q, within.blocks.indicators, within.blocks.codes
    seen = w > 0
    weight = rows_times(w, z)
    share = np.where(weight > 0, 1.0 / np.where(weight > 0, weight, 1.0), 0.0)

    def centred(x: Floats) -> Floats:
        return np.where(seen, x - (rows_times(w * x, z) * share)[:, codes], 0.0)

    clean = np.where(seen, y, 0.0)
    left = centred(centred(clean))  # twice: a large mean costs no digits
    coefficients = np.zeros((len(y), q.shape[1]))
    for _ in range(2):  # the second step repairs rounding of the first
        step = (out.inverse[of] @ rows_times(w * left, q)[:, :, None])[:, :, 0]
        coefficients += step
        left = centred(left - rows_times(step, q.T))
    rss = (w * left**2).sum(axis=1)
    flat = is_rounding(rss, (w * clean**2).sum(axis=1))
    left[flat], rss[flat] = 0.0, 0.0
    along = rows_times(w * left, within.variables)
    slopes = (out.slope_inverse[of] @ along[:, :, None])[:, :, 0]
    rest = np.maximum(rss - (along * slopes).sum(axis=1), 0.0)
    df = seen.sum(axis=1) - people - rank
    with_variables = df - within.n_variables
    out.coefficients[some], out.slopes[some] = coefficients, slopes
    out.df_total[some], out.df_remaining[some] = (
        np.maximum(df, 0.0),
        np.maximum(with_variables, 0.0),
    )
    out.sigma2_total[some] = np.where(df > 0, rss / np.maximum(df, 1.0), np.nan)
    known = (with_variables > 0) & (rest > _ROUNDING * rss)
    out.sigma2_remaining[some] = np.where(known, rest / np.maximum(with_variables, 1.0), np.nan)


def _empty(n: int, n_equations: int, within: WithinPeople, *, plain: bool) -> ChangeFit:
    r, m = within.basis.rank, within.n_variables
    inverse = np.empty((n_equations, r, r))
    return ChangeFit(
        coefficients=np.empty((n, r)),
        slopes=np.empty((n, m)),
        sigma2_total=np.empty(n),
        sigma2_remaining=np.empty(n),
        df_total=np.empty(n),
        df_remaining=np.empty(n),
        mean=np.empty(n),
        equations=np.empty(n, np.int64),
        inverse=inverse,
        change=np.empty((n_equations, r, m)),
        change_covariance=inverse if plain else np.empty((n_equations, r, r)),
        slope_inverse=np.empty((n_equations, m, m)),
        full=np.empty(n_equations, bool),
    )


def join_changes(parts: Sequence[ChangeFit]) -> ChangeFit:
    """Put fits of parts of the features together, in their order.

    Parameters
    ----------
    parts : sequence of ChangeFit
        Of the same `WithinPeople`; not empty.
    """
    starts = np.cumsum([0, *(len(p.inverse) for p in parts)])
    shared = all(p.change_covariance is p.inverse for p in parts)
    names = [f.name for f in fields(ChangeFit) if not (shared and f.name == "change_covariance")]
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    if shared:
        joined["change_covariance"] = joined["inverse"]
    joined["equations"] = np.concatenate(
        [p.equations + start for p, start in zip(parts, starts, strict=False)]
    )
    return ChangeFit(**joined)
