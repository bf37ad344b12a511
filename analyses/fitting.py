"""The fit of an analysis, block after block of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis
from analyses.stats.block_correlation import consensus, correlation_of_rows
from analyses.stats.blocks import Blocks
from analyses.stats.contrast_fit import ContrastFit, fit_contrasts, join_fits
from analyses.stats.rotation import RotationSums
from analyses.values import Values
from cohortmart.ahead import one_ahead
from cohortmart.errors import AnalysisError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """The fit of all features.

    Parameters
    ----------
    feature_ids : pyarrow.StringArray
    fit : ContrastFit
        Of the contrasts.
    further : ContrastFit or None
        Of the further contrasts, if there are any.
    delta_beta : ndarray of shape (n_features, n_contrasts) or None
        The contrasts fitted to beta.
    sums : RotationSums or None
        None where nothing is to be rotated, or the design leaves no residuals.
    """

    feature_ids: pa.Array
    fit: ContrastFit
    further: ContrastFit | None
    delta_beta: Floats | None
    sums: RotationSums | None


def consensus_correlation(
    name: str, values: Values, basis: DesignBasis, blocks: Blocks | None
) -> float | None:
    """Return the consensus correlation within blocks; None without blocks.

    Raises
    ------
    AnalysisError
        It cannot be estimated.
    """
    if blocks is None:
        return None
    try:
        return consensus(
            np.concatenate(
                [
                    correlation_of_rows(block.y, basis, blocks, block.weights)
                    for block in one_ahead(values.blocks())
                ]
            )
        )
    except ValueError as error:
        raise AnalysisError(
            f"analysis {name}: the correlation within blocks cannot be estimated: {error}",
            expected="several blocks, some with more than one sample",
            found=f"{blocks.n_blocks} blocks over {len(blocks.codes)} samples",
            hint="leave `block` out of the model",
        ) from error


def fit_values(
    name: str,
    values: Values,
    basis: DesignBasis,
    contrasts: Floats,
    further: Floats,
    rotated: Sequence[tuple[int, int]],
    blocks: Blocks | None,
    correlation: float | None,
    errors: str,
) -> Fitted:
    """Fit block after block: no more of the values is in memory than two blocks.

    Parameters
    ----------
    name : str
        Of the analysis, for messages.
    values : Values
    basis : DesignBasis
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    further : ndarray of shape (n_coefficients, n_further)
        Contrasts that are no part of the joint test; may have no columns.
    rotated : sequence of (int, int)
        Pairs of contrasts whose correlation will be tested by rotation.
    blocks : Blocks or None
    correlation : float or None
        Within blocks.
    errors : {"exact", "limma"}

    Raises
    ------
    AnalysisError
        A contrast cannot be estimated.
    """
    rho = correlation or 0.0
    ids, fits, others, changes = [], [], [], []
    try:
        sums = _sums(basis, contrasts, rotated, blocks, rho)
        for block in one_ahead(values.blocks()):
            ids.append(block.feature_ids)
            fits.append(
                fit_contrasts(block.y, basis, contrasts, blocks, rho, block.weights, errors)
            )
            if further.shape[1]:
                others.append(
                    fit_contrasts(block.y, basis, further, blocks, rho, block.weights, errors)
                )
            if block.beta is not None:
                of_beta = fit_contrasts(block.beta, basis, contrasts, blocks, rho)
                changes.append(of_beta.estimate)
            if sums is not None:
                sums.add(block.y, block.weights)
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
    return Fitted(
        feature_ids=pa.concat_arrays(ids),
        fit=join_fits(fits),
        further=join_fits(others) if others else None,
        delta_beta=np.concatenate(changes) if changes else None,
        sums=sums,
    )


def _sums(
    basis: DesignBasis,
    contrasts: Floats,
    pairs: Sequence[tuple[int, int]],
    blocks: Blocks | None,
    rho: float,
) -> RotationSums | None:
    """Room for what rotations need, if there is something to rotate."""
    if not pairs or basis.rank >= len(basis.q):
        return None
    return RotationSums(basis, contrasts, blocks, rho, np.array(pairs, dtype=np.int64))
