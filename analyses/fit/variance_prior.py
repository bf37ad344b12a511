"""The prior of the features' variances: the one place that chooses how it is estimated."""

from __future__ import annotations

import numpy as np

from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.fit_f_dist import PriorMethod, VariancePrior, fit_f_dist
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust
from analyses.stats.moderation.likelihood_prior import likelihood_prior
from analyses.stats.moderation.likelihood_prior_robust import likelihood_prior_robust
from cohortmart.core.study.records import Analysis

_ESTIMATES = {
    ("moments", False): fit_f_dist,
    ("moments", True): fit_f_dist_robust,
    ("likelihood", False): likelihood_prior,
    ("likelihood", True): likelihood_prior_robust,
}


def prior_of(analysis: Analysis, fit: ContrastFit) -> VariancePrior:
    """Estimate what the features' variances are shrunk to, as the analysis asks.

    Parameters
    ----------
    analysis : Analysis
        With `moderation`.
    fit : ContrastFit
        Its df_residual enter: those that made sigma2, whatever the df of a contrast.
    """
    method = prior_asked(analysis) or ("likelihood" if _df_differ(fit) else "moments")
    trend = fit.mean if analysis.moderation.trend else None
    estimate = _ESTIMATES[method, analysis.moderation.robust]
    return estimate(fit.sigma2, fit.df_residual, trend)


def prior_asked(analysis: Analysis) -> PriorMethod | None:
    """Return how the prior is to be estimated; None: by whether degrees of freedom differ.

    `contrast_errors: limma` and the preset `paper` reproduce what was published before limma
    3.62, so they keep the moments unless the analysis says otherwise.

    Parameters
    ----------
    analysis : Analysis
    """
    if analysis.moderation.prior is not None:
        return analysis.moderation.prior
    paper = analysis.rebound is not None and analysis.rebound.preset == "paper"
    return "moments" if paper or analysis.contrast_errors == "limma" else None


def _df_differ(fit: ContrastFit) -> bool:
    df = fit.df_residual[np.isfinite(fit.sigma2) & (fit.df_residual > 0)]
    return bool(len(df)) and bool(df.min() != df.max())
