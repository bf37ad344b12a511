"""The tail of a ratio a'x / sqrt(x'G x) where x points in any direction with equal chance.

It is a correlation whose one side is fixed and whose other side is rotated. |a'x| >= r sqrt(x'Gx)
where x'(aa' - r^2 G)x >= 0, whose matrix has at most one positive eigenvalue, L; with -mu_i the
others, P = P(L z_0^2 >= sum mu_i z_i^2) of standard normal z. By Craig's form of the normal tail
(Craig 1991, MILCOM '91, 571) that is one smooth integral,

    P = 2/pi int_0^(pi/2) prod_i (1 + mu_i / (L sin^2 v))^(-1/2) dv,

which no difference of two numbers near 1 enters, so that a tiny P keeps its digits.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from cohortmart.core.types import Floats

#: Points and weights of Gauss and Legendre; the integrand is smooth.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(256)
#: Eigenvalues below this part of the largest are rounding.
_NOTHING = 1e-13


def two_sided(a: Floats, gram: Floats, r: float) -> float:
    """Return P(|a'x| >= |r| sqrt(x'Gx)); NaN where `r` is.

    Parameters
    ----------
    a : ndarray of shape (d,)
    gram : ndarray of shape (d, d)
        Symmetric, without negative eigenvalues; aa' is nowhere larger.
    r : float
        Correlation, -1 to 1.
    """
    if np.isnan(r):
        return float("nan")
    if r == 0.0:
        return 1.0
    values = np.linalg.eigvalsh(np.outer(a, a) - r**2 * gram)
    top = values[-1]
    if top <= _NOTHING * max(float(a @ a), np.finfo(float).tiny):
        return 0.0
    mu = np.maximum(-values[:-1], 0.0) / top
    angle = (_NODES + 1.0) * (np.pi / 4)
    logs = np.log1p(mu[:, None] / np.sin(angle) ** 2).sum(axis=0)
    return min(1.0, float((_WEIGHTS * np.exp(-0.5 * logs)).sum() / 2.0))


def quantile(a: Floats, gram: Floats, tail: float) -> float:
    """Return the r >= 0 with P(|a'x| >= r sqrt(x'Gx)) = `tail`.

    Parameters
    ----------
    a, gram
        As in `two_sided`.
    tail : float
        Between 0 and 1.
    """
    largest = min(1.0, largest_ratio(a, gram))
    if two_sided(a, gram, largest) >= tail:
        return largest
    low = 1e-9 * largest
    found = optimize.brentq(
        lambda r: two_sided(a, gram, r) - tail, low, largest, xtol=1e-10 * largest
    )
    return float(found)


def largest_ratio(a: Floats, gram: Floats) -> float:
    """Return the largest a'x / sqrt(x'Gx) of all x, sqrt(a'G^+ a)."""
    values, vectors = np.linalg.eigh(gram)
    there = values > _NOTHING * values[-1]
    along = vectors[:, there].T @ a
    return float(np.sqrt((along**2 / values[there]).sum()))


def mean_square(a: Floats, gram: Floats) -> float:
    """Return E (a'x)^2 / x'Gx, the variance of the ratio.

    Notes
    -----
    1/q = int exp(-t q) dt, and under the integral the expectation of normal x is known: with
    g_i the eigenvalues of G and a in their directions, E = int prod (1 + 2 t g_i)^(-1/2)
    sum a_i^2 / (1 + 2 t g_i) dt, taken over log t. One eigenvalue makes the ratio constant.
    """
    values, vectors = np.linalg.eigh(gram)
    there = values > _NOTHING * values[-1]
    values, along2 = values[there], (vectors[:, there].T @ a) ** 2
    if len(values) == 1:
        return float(along2[0] / values[0])
    step = 0.05
    log_t = np.arange(-60.0, 120.0, step) - np.log(values.sum())
    scaled = 2.0 * np.exp(log_t)[:, None] * values
    density = np.exp(log_t - 0.5 * np.log1p(scaled).sum(axis=1))
    return float((density * (along2 / (1.0 + scaled)).sum(axis=1)).sum() * step)
