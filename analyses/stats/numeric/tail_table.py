"""P values of many t statistics that share their degrees of freedom.

P(|T| >= t) = (1 + t^2 / df)^(-df/2) R(u), u = t / sqrt(df + t^2), and R is as smooth as Mills'
ratio: it falls like 1 / u. So R (u + kappa), as a function of u / (u + kappa), is a polynomial of
low degree to rounding (the way Shepherd & Laframboise (1981) Math Comp 36:249 compute erfcx). One
polynomial a df; about twenty times faster than the incomplete beta function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from scipy import special

from analyses.stats.numeric.parallel import for_blocks
from analyses.stats.numeric.tails import t_quantile, t_two_sided
from analyses.stats.numeric.unique_apply import unique_apply
from cohortmart.core.types import Floats, Ints

_DEGREE = 22
_NODES = 96  # more than the degree asks for: averages the rounding of the values
_SMALLEST = 1e-280  # tails below this one are left to the incomplete beta function
_DF_RANGE = (0.3, 1e8)  # where the polynomial was checked
_WORTH_IT = 2000  # values that share a df, from which on a table is made
_ROWS = 1024


@dataclass(frozen=True)
class TailTable:
    """Two-sided tail probability of Student's t with one df.

    Parameters
    ----------
    largest : float
        The t up to which the polynomial holds.
    coefficients : ndarray of shape (degree + 1,)
        Of R (u + kappa), the highest power first.
    """

    df: float
    kappa: float
    largest: float
    coefficients: Floats

    def __call__(self, t: Floats) -> Floats:
        """Return P(|T| >= |t|); NaN gives NaN."""
        size = np.abs(t)
        beyond = size > self.largest
        far = size[beyond]
        size[beyond] = self.largest
        square = size * size
        u = size / np.sqrt(square + self.df)
        u += self.kappa  # from here on u + kappa
        end = _end(self.df, self.largest)
        z = (1.0 - self.kappa / u) * (2.0 * (end + self.kappa) / end) - 1.0
        p = self.coefficients[0] * z
        for c in self.coefficients[1:-1]:
            p += c
            p *= z
        p += self.coefficients[-1]
        p /= u
        square /= self.df
        np.log1p(square, out=square)
        square *= -self.df / 2
        p *= np.exp(square, out=square)
        np.minimum(p, 1.0, out=p)  # rounding
        if far.size:
            p[beyond] = t_two_sided(far, self.df)
        return np.asarray(p)


def tail_table(df: float) -> TailTable:
    """Fit the polynomial of one df, between 0.3 and 1e8."""
    kappa = 3.0 / np.sqrt(df + 1.0)
    least = max(_SMALLEST ** (2.0 / df), 1e-290)  # of 1 / (1 + t^2 / df)
    largest = float(np.sqrt(df) * np.sqrt((1.0 - least) / least))
    end = _end(df, largest)
    z = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    s = (z + 1.0) / 2.0 * end / (end + kappa)
    u = s * kappa / (1.0 - s)
    t = np.sqrt(df) * u / np.sqrt((1.0 - u) * (1.0 + u))
    ratio = t_two_sided(t, df) * np.exp(df / 2 * np.log1p(t * t / df))
    powers = chebyshev.cheb2poly(chebyshev.chebfit(z, ratio * (u + kappa), _DEGREE))
    return TailTable(df, float(kappa), largest, np.asarray(powers[::-1], float))


def shared_df(df: Floats) -> Floats | None:
    """Return the column that all columns of `df` repeat, or None.

    Parameters
    ----------
    df : ndarray of shape (n_features, n_contrasts)
        Told by its memory, a broadcast view of one column, not by its values.
    """
    if df.shape[1] == 0:
        return None
    return df[:, 0] if df.shape[1] == 1 or df.strides[1] == 0 else None


def t_quantile_of_rows(upper_tail: float, df: Floats) -> Floats:
    """Return the t with P(T >= t) = `upper_tail` for many degrees of freedom.

    Parameters
    ----------
    df : ndarray of shape (n_features, n_contrasts)
        May be infinite or NaN; shared by the contrasts where it is a view of one column.

    Returns
    -------
    ndarray of the shape of `df`
        A view of one column where `df` is one.
    """
    shared = shared_df(df)
    if shared is not None:
        once = unique_apply(lambda d: t_quantile(upper_tail, d), shared)
        return np.broadcast_to(once[:, None], df.shape)
    out = np.empty(df.shape, order="F")

    def work(start: int, stop: int) -> None:
        out[start:stop] = t_quantile(upper_tail, df[start:stop])

    for_blocks(len(df), _ROWS, work)
    return out


def t_two_sided_of_rows(t: Floats, df: Floats) -> Floats:
    """Return P(|T| >= |t|) of many statistics.

    Parameters
    ----------
    t : ndarray of shape (n_features, n_contrasts)
    df : ndarray of shape (n_features, n_contrasts)
        May be infinite or NaN; shared by the contrasts where it is a view of one column.

    Returns
    -------
    ndarray of shape (n_features, n_contrasts)
        Column by column in memory. Equal to `t_two_sided` to 1e-12 of itself, where the df are
        shared to 1e-13.
    """
    shared = shared_df(df)
    if shared is not None:
        return _of_shared_df(t, shared)
    out = np.empty(t.shape, order="F")

    def work(start: int, stop: int) -> None:
        size, own = np.abs(t[start:stop]), df[start:stop]
        square = np.minimum(size, 1e150) ** 2  # beyond, the square is no number any more
        # as F with 1 and df: a sixth of the time of `t_two_sided`
        p = special.fdtrc(1.0, own, square)
        rare = np.isinf(size) | np.isinf(own)
        p[rare] = t_two_sided(size[rare], own[rare])
        out[start:stop] = p

    for_blocks(len(t), _ROWS, work)
    return out


def _of_shared_df(t: Floats, df: Floats) -> Floats:
    """P values where each row has one df; `df` of shape (n_features,)."""
    values, of_row, count = np.unique(df, return_inverse=True, return_counts=True)
    often = (count * t.shape[1] >= _WORTH_IT) & (values >= _DF_RANGE[0]) & (values <= _DF_RANGE[1])
    tables = [tail_table(float(v)) if yes else None for v, yes in zip(values, often, strict=True)]
    of_row = np.where(often[of_row], of_row, -1)
    out = np.empty(t.shape, order="F")

    def work(start: int, stop: int) -> None:
        for one in np.unique(of_row[start:stop]):
            rows: slice | Ints = slice(start, stop)
            if (of_row[start:stop] != one).any():
                rows = start + np.flatnonzero(of_row[start:stop] == one)
            table = tables[one] if one >= 0 else None
            out[rows] = t_two_sided(t[rows], df[rows, None]) if table is None else table(t[rows])

    for_blocks(len(t), _ROWS, work)
    return out


def _end(df: float, largest: float) -> float:
    """Largest u of the table."""
    return float(largest / np.sqrt(df + largest * largest))
