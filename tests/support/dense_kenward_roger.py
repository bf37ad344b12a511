"""Kenward and Roger's formulas as in their paper: n x n matrices, one feature at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class DenseKenwardRoger:
    """Adjusted covariance of the coefficients, and what `f_test` needs of the rest."""

    beta: Floats
    plain: Floats
    adjusted: Floats
    p: list[Floats]
    w: Floats

    def f_test(self, k: Floats) -> tuple[float, float, float]:
        """Scaled F, its denominator degrees of freedom and the scale; `k` (n_coef, q)."""
        phi, q = self.plain, k.shape[1]
        theta = k @ np.linalg.inv(k.T @ phi @ k) @ k.T
        parts = [theta @ phi @ one @ phi for one in self.p]
        pairs = [(i, j) for i in (0, 1) for j in (0, 1)]
        a1 = sum(self.w[i, j] * np.trace(parts[i]) * np.trace(parts[j]) for i, j in pairs)
        a2 = sum(self.w[i, j] * np.trace(parts[i] @ parts[j]) for i, j in pairs)
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        c1, c2, c3 = (x / (3 * q + 2 * (1 - g)) for x in (g, q - g, q + 2 - g))
        mean = 1 / (1 - a2 / q)
        variance = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        m = 4 + (q + 2) / (q * variance / (2 * mean**2) - 1)
        scale = m / (mean * (m - 2))
        along = k.T @ self.beta
        f = along @ np.linalg.solve(k.T @ self.adjusted @ k, along) / q
        return float(scale * f), float(m), float(scale)


def dense_kenward_roger(
    y: Floats, x: Floats, codes: Ints, weights: Floats, s2: float, t2: float
) -> DenseKenwardRoger:
    """Evaluate them at given variances of the noise (of weight 1) and of the blocks."""
    seen = np.isfinite(y)
    y, x, codes = y[seen], x[seen], codes[seen]
    parts = [np.diag(1 / weights[seen]), (codes[:, None] == codes[None, :]).astype(float)]
    v = np.linalg.inv(s2 * parts[0] + t2 * parts[1])
    phi = np.linalg.inv(x.T @ v @ x)
    beta = phi @ x.T @ v @ y
    p = [-x.T @ v @ g @ v @ x for g in parts]
    q = [[x.T @ v @ g @ v @ h @ v @ x for h in parts] for g in parts]
    information = np.array(
        [
            [
                np.trace(v @ parts[i] @ v @ parts[j])
                - np.trace(2 * phi @ q[i][j] - phi @ p[i] @ phi @ p[j])
                for j in (0, 1)
            ]
            for i in (0, 1)
        ]
    )
    w = 2 * np.linalg.inv(information)
    inner = sum(w[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in (0, 1) for j in (0, 1))
    return DenseKenwardRoger(beta, phi, phi + 2 * phi @ inner @ phi, p, w)
