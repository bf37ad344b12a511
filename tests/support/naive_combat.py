"""ComBat one feature at a time, straight from the paper; slow and independent of the package."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cohortmart.core.types import Floats


def naive_combat(y: Floats, batch: Sequence[str], covariates: Floats, mean_only: bool) -> Floats:
    """Adjust every feature; those of which some batch lacks all values too, in what is left."""
    names = sorted(set(batch))
    x = np.array([[float(b == name) for name in names] for b in batch])
    size, n_batches = x.sum(axis=0), len(names)
    design = np.hstack([x, covariates])
    any_hole = np.isnan(y).any()
    standard, centre, sd = np.full(y.shape, np.nan), np.zeros(y.shape), np.zeros(len(y))
    for g, row in enumerate(y):
        seen = ~np.isnan(row)
        there = np.flatnonzero(x[seen].any(axis=0))
        columns = [*there, *range(n_batches, design.shape[1])]
        beta = np.zeros(design.shape[1])
        beta[columns] = np.linalg.lstsq(design[seen][:, columns], row[seen], rcond=1e-10)[0]
        residual = row[seen] - design[seen] @ beta
        sd[g] = residual.std(ddof=1 if any_hole else 0)
        grand = np.average(beta[there], weights=size[there])
        centre[g] = grand + covariates @ beta[n_batches:]
        standard[g] = (row - centre[g]) / sd[g]
    for b in range(n_batches):
        of = np.flatnonzero(x[:, b])
        rows = [g for g in range(len(y)) if not np.isnan(y[g, of]).all()]
        values = [standard[g, of][~np.isnan(standard[g, of])] for g in rows]
        gamma, delta2 = _posterior(values, mean_only)
        for g, mean, variance in zip(rows, gamma, delta2, strict=True):
            standard[g, of] = (standard[g, of] - mean) / np.sqrt(variance)
    return standard * sd[:, None] + centre


def _posterior(values: list[Floats], mean_only: bool) -> tuple[list[float], list[float]]:
    hat = [float(v.mean()) for v in values]
    bar, tau2 = float(np.mean(hat)), float(np.var(hat, ddof=1))
    if mean_only:
        return [(tau2 * h + bar) / (tau2 + 1) for h in hat], [1.0] * len(hat)
    own = [float(v.var(ddof=1)) for v in values if len(v) > 1]
    m, s2 = float(np.mean(own)), float(np.var(own, ddof=1))
    a, b = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    gamma = list(hat)
    delta2 = [float(v.var(ddof=1)) if len(v) > 1 else m for v in values]
    change = 1.0
    while change > 1e-4:
        change = 0.0
        for i, v in enumerate(values):
            n = len(v)
            mean = (n * tau2 * hat[i] + delta2[i] * bar) / (n * tau2 + delta2[i])
            variance = (b + 0.5 * float(((v - mean) ** 2).sum())) / (n / 2 + a - 1)
            moved = (abs(mean - gamma[i]) / gamma[i], abs(variance - delta2[i]) / delta2[i])
            change = max(change, *moved)
            gamma[i], delta2[i] = mean, variance
    return gamma, delta2
