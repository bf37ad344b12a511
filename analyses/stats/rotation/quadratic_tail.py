"""The tail of a ratio a'x / sqrt(x'G x) where x points in any direction with equal chance.

It is a correlation whose one side is fixed and whose other side is rotated. |a'x| >= r sqrt(x'Gx)
where x'(aa' - r^2 G)x >= 0, whose matrix has at most one positive eigenvalue, L; with -mu_i the
others, P = P(L z_0^2 >= sum mu_i z_i^2) of standard normal z. By Craig's form of the normal tail
(Craig 1991, MILCOM '91, 571) that is one smooth integral,

    P = 2/pi int_0^(pi/2) prod_i (1 + mu_i / (L sin^2 v))^(-1/2) dv,

which no difference of two numbers near 1 enters, so that a tiny P keeps its digits. With a_i in the
directions of G, g_i = r^2 times its eigenvalues, L solves sum a_i^2 / (L + g_i) = 1 (the secular
equation; Golub 1973, SIAM Rev 15:318), and with t = L sin^2 v the product is

    t prod_i (1 + g_i / t) sum_i a_i^2 / ((L + g_i) (t + g_i)),

so that G is taken apart once for all r.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from cohortmart.core.types import Floats

#: Points and weights of Gauss and Legendre; the integrand is smooth.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(256)
_SINE2 = np.sin((_NODES + 1.0) * (np.pi / 4)) ** 2
#: Eigenvalues below this part of the largest are rounding.
_NOTHING = 1e-13


class RotatedRatio:
    """a'x / sqrt(x'Gx) of random directions x.

    Parameters
    ----------
    a : ndarray of shape (d,)
    gram : ndarray of shape (d, d)
        Symmetric, without negative eigenvalues; aa' is nowhere larger.
    """

    def __init__(self, a: Floats, gram: Floats) -> None:
        values, vectors = np.linalg.eigh(gram)
        there = values > _NOTHING * values[-1]
        self._values, self._along2 = values[there], (vectors[:, there].T @ a) ** 2

    def two_sided(self, r: float) -> float:
        """Return P(|a'x| >= |r| sqrt(x'Gx)); NaN where `r`, -1 to 1, is."""
        if np.isnan(r):
            return float("nan")
        if r == 0.0:
            return 1.0
        along2, g = self._along2, r**2 * self._values
        whole = float(along2.sum())
        if whole == 0.0 or float((along2 / g).sum()) <= 1.0 + _NOTHING:
            return 0.0
        # between the value of x'(aa' - r^2 G)x along a and that without G
        low = max(0.0, whole * (1.0 - 1e-12) - float((along2 * g).sum()) / whole)
        top = optimize.brentq(
            lambda t: float((along2 / (t + g)).sum()) - 1.0,
            low,
            whole * (1.0 + 1e-12),
            xtol=1e-300,
            rtol=1e-15,
        )
        t = top * _SINE2[:, None]
        logs = np.log1p(g / t).sum(axis=1) + np.log(
            (t * along2 / ((top + g) * (t + g))).sum(axis=1)
        )
        return min(1.0, float((_WEIGHTS * np.exp(-0.5 * logs)).sum() / 2.0))

    def quantile(self, tail: float) -> float:
        """Return the r >= 0 with P(|a'x| >= r sqrt(x'Gx)) = `tail`, between 0 and 1."""
        largest = min(1.0, float(np.sqrt((self._along2 / self._values).sum())))
        if self.two_sided(largest) >= tail:
            return largest
        found = optimize.brentq(
            lambda r: self.two_sided(r) - tail, 1e-9 * largest, largest, xtol=1e-10 * largest
        )
        return float(found)

    def mean_square(self) -> float:
        """Return E (a'x)^2 / x'Gx, the variance of the ratio.

        Notes
        -----
        1/q = int exp(-t q) dt, and under the integral the expectation of normal x is known: with
        g_i the eigenvalues of G and a in their directions, E = int prod (1 + 2 t g_i)^(-1/2)
        sum a_i^2 / (1 + 2 t g_i) dt, taken over log t. One eigenvalue makes the ratio constant.
        """
        values, along2 = self._values, self._along2
        if len(values) == 1:
            return float(along2[0] / values[0])
        step = 0.05
        log_t = np.arange(-60.0, 120.0, step) - np.log(values.sum())
        scaled = 2.0 * np.exp(log_t)[:, None] * values
        density = np.exp(log_t - 0.5 * np.log1p(scaled).sum(axis=1))
        return float((density * (along2 / (1.0 + scaled)).sum(axis=1)).sum() * step)
