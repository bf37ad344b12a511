"""The contrasts of a model: fitted to every feature, and moderated."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from analyses.fit.lm_fit import FitRequest, feature_fits
from analyses.fit.prepare import ModelInputs
from analyses.fit.variance_prior import prior_of
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import ModeratedFit, ebayes
from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.moderation.treat import treat
from analyses.stats.rotation.rotation import RotationSums
from cohortmart.core.study.records import Analysis
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class ContrastResults:
    """The contrasts of every feature, moderated.

    Parameters
    ----------
    feature_ids : pyarrow.StringArray
    fit : ContrastFit
    prior : VariancePrior
        Of the features' variances.
    moderated : ModeratedFit
        Tests of no change, or of `minimum_log_fc`.
    delta_beta : ndarray of shape (n_features, n_contrasts) or None
    further : ContrastFit
        Of the further contrasts that were asked for.
    sums : RotationSums or None
        Of the pairs that were asked for.
    """

    feature_ids: pa.Array
    fit: ContrastFit
    prior: VariancePrior
    moderated: ModeratedFit
    delta_beta: Floats | None
    further: ContrastFit
    sums: RotationSums | None


def contrast_results(
    name: str, analysis: Analysis, inputs: ModelInputs, request: FitRequest | None = None
) -> ContrastResults:
    """Fit and ebayes the contrasts of an analysis.

    Parameters
    ----------
    name : str
        Of the analysis, for messages.
    analysis : Analysis
    inputs : ModelInputs
    request : FitRequest, optional
        What to compute beside them; its contrasts are those of the inputs.

    Raises
    ------
    AnalysisError
        A contrast cannot be estimated.
    """
    matrix = inputs.contrasts.matrix
    request = request or FitRequest(matrix, {}, matrix[:, :0])
    fits = feature_fits(name, analysis, inputs, request)
    prior = prior_of(analysis, fits.fit)
    return ContrastResults(
        feature_ids=fits.feature_ids,
        fit=fits.fit,
        prior=prior,
        moderated=_moderated(analysis, fits.fit, prior),
        delta_beta=fits.delta_beta,
        further=fits.further,
        sums=fits.sums,
    )


def _moderated(analysis: Analysis, fit: ContrastFit, prior: VariancePrior) -> ModeratedFit:
    moderated = ebayes(fit, prior)
    least = analysis.moderation.minimum_log_fc
    return treat(fit, moderated, least) if least else moderated
