"""The mixed model once more: one feature at a time, n x n matrices, derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class DenseMixed:
    """Contrasts of one feature; `f`, `df1`, `df2` of all of them together."""

    estimate: Floats
    se: Floats
    df: Floats
    f: float
    df1: int
    df2: float
    s2: float
    t2: float


@dataclass(frozen=True)
class _Model:
    """Observed samples of one feature."""

    y: Floats
    x: Floats
    same: Floats
    weights: Floats

    def covariance(self, theta: Floats) -> Floats:
        return np.asarray(theta[0] * np.diag(1 / self.weights) + theta[1] * self.same)

    def fixed(self, theta: Floats) -> tuple[Floats, Floats, float]:
        """Covariance and values of the coefficients, deviance."""
        v = self.covariance(theta)
        solved = np.linalg.solve(v, self.x)
        information = self.x.T @ solved
        beta = np.linalg.solve(information, solved.T @ self.y)
        left = self.y - self.x @ beta
        logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        return np.linalg.inv(information), beta, float(logs + left @ np.linalg.solve(v, left))

    def profile(self, log_ratio: float) -> tuple[float, float]:
        """Deviance with s2 at its best, and that s2."""
        one = np.array([1.0, np.exp(log_ratio)])
        v, n_free = self.covariance(one), len(self.y) - self.x.shape[1]
        left = self.y - self.x @ self.fixed(one)[1]
        s2 = float(left @ np.linalg.solve(v, left) / n_free)
        return self.fixed(s2 * one)[2], s2


def dense_mixed(
    y: Floats, x: Floats, contrasts: Floats, codes: Ints, weights: Floats
) -> DenseMixed | None:
    """Fit; None where t2 is 0. Full rank on the samples that have a value."""
    seen = np.isfinite(y)
    same = (codes[seen, None] == codes[None, seen]).astype(float)
    model = _Model(y[seen], x[seen], same, weights[seen])
    grid = np.linspace(-14, 10, 25)
    best = int(np.argmin([model.profile(a)[0] for a in grid]))
    if best == 0:
        return None
    bracket = (grid[best - 1], grid[best], grid[best + 1])
    at = optimize.minimize_scalar(lambda a: model.profile(a)[0], bracket=bracket, tol=1e-11).x
    s2 = model.profile(at)[1]
    theta = np.array([s2, np.exp(at) * s2])
    cov, beta, _ = model.fixed(theta)
    of_theta = 2 * np.linalg.inv(_hessian(lambda th: model.fixed(th)[2], theta))

    def df(c: Floats) -> float:
        steps = 1e-4 * np.diag(theta)
        gradient = np.array(
            [c @ (model.fixed(theta + h)[0] - model.fixed(theta - h)[0]) @ c for h in steps]
        ) / (2e-4 * theta)
        return float(2 * (c @ cov @ c) ** 2 / (gradient @ of_theta @ gradient))

    of_contrasts, estimate = contrasts.T @ cov @ contrasts, contrasts.T @ beta
    values, vectors = np.linalg.eigh(of_contrasts)
    keep = values > 1e-9 * values[-1]
    values, vectors = values[keep], vectors[:, keep]
    nu = np.array([df(contrasts @ v) for v in vectors.T])
    e, q = (nu / (nu - 2)).sum(), len(nu)
    df2 = float(nu[0]) if np.ptp(nu) < 1e-4 else 2 * e / (e - q) if (nu > 2).all() else 2.0
    return DenseMixed(
        estimate,
        np.sqrt(np.diag(of_contrasts)),
        np.array([df(c) for c in contrasts.T]),
        float(((vectors.T @ estimate) ** 2 / values).mean()),
        q,
        df2,
        theta[0],
        theta[1],
    )


def _hessian(f: Callable[[Floats], float], theta: Floats) -> Floats:
    """Central differences, extrapolated once."""

    def rough(step: float) -> Floats:
        h = step * np.diag(theta)
        out = [
            [f(theta + a + b) - f(theta + a - b) - f(theta - a + b) + f(theta - a - b) for b in h]
            for a in h
        ]
        return np.array(out) / (4 * step**2 * np.outer(theta, theta))

    return np.asarray((4 * rough(1e-3) - rough(2e-3)) / 3)
