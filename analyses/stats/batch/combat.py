"""ComBat with parametric priors (Johnson, Li & Rabinovic 2007, Biostatistics 8:118-127).

Batch effects on mean and variance are estimated for each feature, shrunk to what they are over
all features, and taken out; what the covariates explain stays. The values pass by twice, in
blocks of features: once for sums (`CombatFit.add`), once to be adjusted
(`CombatAdjustment.apply`). Kept in between are, per feature, two numbers a batch, one a covariate
and one more. Block sizes move results by rounding only (1e-12).

As in R's sva, if any value of an adjusted feature is missing, the residual variance of all
features is over n - 1 instead of n; that matters to mean-only correction alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyses.stats.batch.combat_design import CombatDesign, CombatError, combat_design
from analyses.stats.batch.combat_prior import BatchPrior, posterior
from analyses.stats.batch.combat_summary import (
    FeatureStatus,
    FeatureSummary,
    is_adjusted,
    summarise,
)
from cohortmart.core.types import Floats, Ints

#: Values worked on at a time.
_CHUNK = 1 << 20


class CombatFit:
    """First pass: takes the features block by block.

    Parameters
    ----------
    design : CombatDesign
    """

    def __init__(self, design: CombatDesign) -> None:
        self.design = design
        self._n_features = 0
        self._parts: dict[str, list[NDArray[Any]]] = {f.name: [] for f in fields(FeatureSummary)}

    def add(self, y: Floats) -> None:
        """Take in the next features.

        Parameters
        ----------
        y : ndarray of shape (n_features, n_samples)
            NaN where missing.

        Raises
        ------
        CombatError
            Wrong number of samples, an infinite value, or the fit is finished.
        """
        _check_width(y, self.design)
        if not self._parts:
            raise CombatError("the fit is finished", "start another one")
        for rows in _chunks(y):
            self._check_finite(y[rows])
            summary = summarise(y[rows], self.design)
            self._n_features += len(y[rows])
            for name, parts in self._parts.items():
                parts.append(getattr(summary, name))

    def _check_finite(self, y: Floats) -> None:
        with np.errstate(invalid="ignore"):  # infinities of both signs
            if np.isfinite(y.sum()):
                return
        infinite = np.flatnonzero(np.isinf(y).any(axis=1))
        if infinite.size:
            raise CombatError(
                f"feature {self._n_features + infinite[0] + 1} (counted from 1) "
                "has an infinite value",
                "mark it as missing or leave the feature out",
            )

    def finish(self) -> CombatAdjustment:
        """Estimate priors and posteriors; the fit is used up.

        Raises
        ------
        CombatError
            Too few features, or a batch without any variance.
        """
        d, parts = self.design, self._parts
        self._parts = {}
        if not parts.get("status"):
            raise CombatError("there are no features", "add blocks of features before finishing")
        gamma, squares, counts, status = (
            _joined(parts, name) for name in ("gamma", "squares", "counts", "status")
        )
        adjusted = is_adjusted(status)
        values = counts.sum(axis=1)
        n_minus_1 = bool((values[adjusted] < d.n_samples).any())
        sd = np.sqrt(squares.sum(axis=1) / np.maximum(values - n_minus_1, 1))
        priors = []
        for b, name in enumerate(d.batches):
            rows = np.flatnonzero(adjusted & (counts[:, b] > 0))
            scale = sd[rows]
            found = posterior(
                name,
                int(d.sizes[b]),
                gamma[rows, b] / scale,
                squares[rows, b] / np.square(scale),
                counts[rows, b].astype(np.float64),
                d.mean_only,
            )
            # the two arrays of sums turn into those of adjustments, to hold no more than needed
            stretch = 1.0 / np.sqrt(found.delta2)
            squares[rows, b] = stretch - 1.0
            gamma[rows, b] = scale * found.gamma * stretch
            priors.append(found.prior)
        return CombatAdjustment(
            design=d,
            grand_mean=_joined(parts, "grand_mean"),
            coefficients=_joined(parts, "coefficients"),
            shift=gamma,
            stretch=squares,
            status=status,
            priors=tuple(priors),
        )


@dataclass(frozen=True)
class CombatAdjustment:
    """Second pass: what to do with each feature.

    Parameters
    ----------
    grand_mean : ndarray of shape (n_features,)
    coefficients : ndarray of shape (n_features, n_covariates)
        Of `design.covariates`; with `grand_mean` what an adjusted feature varies around.
    shift : ndarray of shape (n_features, n_batches)
        To be taken off, in the units of the values.
    stretch : ndarray of shape (n_features, n_batches)
        Factor of the deviations, less 1.
    status : ndarray of shape (n_features,), int8
        FeatureStatus.
    priors : tuple of BatchPrior, one a batch
    """

    design: CombatDesign
    grand_mean: Floats
    coefficients: Floats
    shift: Floats
    stretch: Floats
    status: NDArray[np.int8]
    priors: tuple[BatchPrior, ...]

    def apply(self, y: Floats, rows: slice | Ints | None = None) -> Floats:
        """Return the values of some features adjusted; NaN stays NaN.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_samples)
            The same values as in the first pass.
        rows : slice or ndarray of int, optional
            Which features of the first pass they are; all if not given.

        Returns
        -------
        ndarray of shape (n_rows, n_samples)

        Raises
        ------
        CombatError
            Shapes do not match.
        """
        _check_width(y, self.design)
        which = np.arange(len(self.status))[slice(None) if rows is None else rows]
        if len(which) != len(y):
            raise CombatError(
                f"{len(y)} features of values for {len(which)} features of the fit",
                "apply to the blocks that the fit was made from",
            )
        out = np.empty(y.shape)
        for part in _chunks(y):
            self._apply(y[part], which[part], out[part])
        return out

    def _apply(self, y: Floats, which: Ints, out: Floats) -> None:
        codes = self.design.codes
        if self.design.mean_only:
            np.subtract(y, self.shift[which][:, codes], out=out)
            return
        np.matmul(self.coefficients[which], self.design.covariates.T, out=out)
        out += self.grand_mean[which][:, None]
        np.subtract(y, out, out=out)
        out *= self.stretch[which][:, codes]
        out -= self.shift[which][:, codes]
        out += y

    def n_by_status(self) -> dict[FeatureStatus, int]:
        """Return how many features there are of each status, those with none left out."""
        count = Counter(self.status.tolist())
        return {status: count[status] for status in FeatureStatus if count[status]}


def combat(
    y: Floats, batch: Sequence[str], covariates: Floats | None = None, mean_only: bool = False
) -> Floats:
    """Adjust a matrix that is in memory.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        M values or log CPM; NaN where missing.
    batch : sequence of str, one a sample
    covariates : ndarray of shape (n_samples, n_covariates), optional
        What to keep, coded as numbers, without an intercept.
    mean_only : bool
        Correct means and leave variances.

    Returns
    -------
    ndarray of shape (n_features, n_samples)

    Raises
    ------
    CombatError
        See `combat_design`, `CombatFit.add` and `CombatFit.finish`.
    """
    fit = CombatFit(combat_design(batch, covariates, mean_only))
    fit.add(y)
    return fit.finish().apply(y)


def _check_width(y: Floats, design: CombatDesign) -> None:
    if y.ndim != 2 or y.shape[1] != design.n_samples:
        raise CombatError(
            f"values of shape {y.shape} do not go with {design.n_samples} samples",
            "give features in rows and the samples of the design in columns",
        )


def _chunks(y: Floats) -> Iterator[slice]:
    step = max(1, _CHUNK // max(1, y.shape[1]))
    for start in range(0, len(y), step):
        yield slice(start, min(start + step, len(y)))


def _joined(parts: dict[str, list[NDArray[Any]]], name: str) -> NDArray[Any]:
    """Join one array of all blocks; its parts are dropped, so that only one is held twice."""
    return np.concatenate(parts.pop(name))
