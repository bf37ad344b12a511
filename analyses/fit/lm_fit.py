"""Linear models fitted to the features of an analysis, block after block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from analyses.fit.prepare import ModelInputs
from analyses.fit.response import ValueBlock
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts, join_fits
from analyses.stats.mixed.mixed_model import fit_mixed
from analyses.stats.rotation.rotation import RotationSums
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import Analysis
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class FitRequest:
    """What is to be computed of every feature.

    Parameters
    ----------
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    sets : mapping of str to tuple of int
        Joint tests, and the contrasts of each.
    further : ndarray of shape (n_coefficients, n_further)
        Contrasts that are no part of a joint test; may have no columns.
    rotated : sequence of (int, int)
        Pairs of contrasts whose correlation will be tested by rotation.
    of_beta : bool
        Whether the contrasts of methylation are fitted to beta, too.
    """

    contrasts: Floats
    sets: Mapping[str, tuple[int, ...]]
    further: Floats
    rotated: Sequence[tuple[int, int]] = ()
    of_beta: bool = True

    @property
    def columns(self) -> Floats:
        """All contrasts side by side."""
        return np.hstack([self.contrasts, self.further])


@dataclass(frozen=True, eq=False)
class FeatureFits:
    """The fit of all features.

    Parameters
    ----------
    feature_ids : pyarrow.StringArray
    fit : ContrastFit
        Of the contrasts.
    further : ContrastFit
        Of the further contrasts; without joint tests.
    delta_beta : ndarray of shape (n_features, n_contrasts) or None
        The contrasts fitted to beta.
    sums : RotationSums or None
        None where nothing is to be rotated, or the design leaves no residuals.
    """

    feature_ids: pa.Array
    fit: ContrastFit
    further: ContrastFit
    delta_beta: Floats | None
    sums: RotationSums | None


def feature_fits(
    name: str, analysis: Analysis, inputs: ModelInputs, request: FitRequest
) -> FeatureFits:
    """Fit block after block: no more of the values is in memory than two blocks.

    Parameters
    ----------
    name : str
        Of the analysis, for messages.
    analysis : Analysis
        How correlation and errors are computed.
    inputs : ModelInputs
    request : FitRequest

    Raises
    ------
    AnalysisError
        A contrast cannot be estimated.
    """
    ids, fits, changes = [], [], []
    sets = tuple(request.sets.values())
    try:
        sums = _sums(inputs, request)
        for block in one_ahead(inputs.values.blocks()):
            ids.append(block.feature_ids)
            fits.append(_fit(analysis, inputs, request.columns, sets, block))
            if request.of_beta and block.beta is not None:
                beta = replace(block, y=block.beta)
                changes.append(_fit(analysis, inputs, request.contrasts, (), beta).estimate)
            if sums is not None:
                sums.add(block.y, block.weights)
    except ValueError as error:
        raise AnalysisError(f"analysis {name}: {error}") from error
    fit, further = _split(join_fits(fits), request.contrasts.shape[1])
    return FeatureFits(
        feature_ids=pa.concat_arrays(ids),
        fit=fit,
        further=further,
        delta_beta=np.concatenate(changes) if changes else None,
        sums=sums,
    )


def _fit(
    analysis: Analysis,
    inputs: ModelInputs,
    contrasts: Floats,
    sets: tuple[tuple[int, ...], ...],
    block: ValueBlock,
) -> ContrastFit:
    if analysis.model.correlation == "per_feature" and inputs.blocks is not None:
        return fit_mixed(
            block.y,
            inputs.basis,
            contrasts,
            inputs.blocks,
            block.weights,
            sets,
            analysis.model.df,
        ).fit
    return fit_contrasts(
        block.y,
        inputs.basis,
        contrasts,
        inputs.blocks,
        inputs.correlation or 0.0,
        block.weights,
        analysis.contrast_errors,
        sets,
    )


def _split(fit: ContrastFit, n: int) -> tuple[ContrastFit, ContrastFit]:
    """Part the contrasts from the further ones, which have no joint tests."""

    def part(columns: slice, whole: bool) -> ContrastFit:
        def of(values: Floats | None) -> Floats | None:
            return None if values is None else values[:, columns]

        return replace(
            fit,
            estimate=fit.estimate[:, columns],
            unscaled_sd=fit.unscaled_sd[:, columns],
            df_contrast=of(fit.df_contrast),
            limma_ratio=of(fit.limma_ratio),
            wald=fit.wald if whole else fit.wald[:, :0],
            wald_df=fit.wald_df if whole else (),
            df_wald=fit.df_wald if whole else None,
        )

    return part(slice(None, n), True), part(slice(n, None), False)


def _sums(inputs: ModelInputs, request: FitRequest) -> RotationSums | None:
    """Room for what rotations need, if there is something to rotate."""
    basis = inputs.basis
    if not request.rotated or basis.rank >= len(basis.q):
        return None
    return RotationSums(
        basis,
        request.contrasts,
        inputs.blocks,
        inputs.correlation or 0.0,
        np.array(request.rotated, dtype=np.int64),
    )
