"""Prior of the residual variances by likelihood, which outlying features cannot spoil.

The prior is estimated, variances far out on either side of it count less, and it is estimated
again: limma's eBayes(robust = TRUE) since 3.62 where residual degrees of freedom differ. Features
whose variance is too large for the prior get a smaller df_prior of their own.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from analyses.stats.moderation.fit_f_dist import VariancePrior
from analyses.stats.moderation.likelihood_prior import (
    likelihood_prior,
    most_likely_df,
    reweighted,
    s2_prior_of,
    usable,
)
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.moderation.outlying_features import log_upper_tail, own_df_prior
from cohortmart.core.types import Floats

#: A feature counts by its false discovery rate as an outlier, and in full above this.
_IN_FULL = 0.3
#: An outlier beyond doubt lies at the middle of the distribution that its df_prior gives it.
_MIDDLE = np.log(0.5)


def likelihood_prior_robust(
    s2: Floats, df: Floats, covariate: Floats | None = None
) -> VariancePrior:
    """Estimate the prior by likelihood, robustly.

    Parameters
    ----------
    s2, df : ndarray of shape (n_features,)
        Residual variances (NaN = none) and their degrees of freedom; less than 0.01 say nothing.
    covariate : ndarray of shape (n_features,), optional
        Mean expression, for a trend.

    Notes
    -----
    A feature's weight is the false discovery rate (Benjamini-Hochberg) of its two-sided tail of F
    under the plain prior, 1 where that is above 0.3. Without any such feature the prior is the
    plain one. Which features are outliers, and how much, is told by the tails under the plain
    prior, too.
    """
    used, plain = usable(s2, df, covariate)
    if plain is None or len(plain.s2) < 3:
        return likelihood_prior(s2, df, covariate)
    df_plain = most_likely_df(plain)
    f = plain.s2 / s2_prior_of(plain, df_plain, used, covariate)[used]
    weights = outlier_weights(f, plain.df, df_plain)
    if (weights == 1.0).all():
        everyone = np.full(len(s2), df_plain)
        s2_prior = s2_prior_of(plain, df_plain, used, covariate)
        return VariancePrior(everyone, s2_prior, "likelihood")
    data = reweighted(plain, weights)
    common = most_likely_df(data)
    df_prior = np.full(len(s2), common)
    df_prior[used] = own_df(f, plain.df, df_plain, common)
    return VariancePrior(df_prior, s2_prior_of(data, common, used, covariate), "likelihood")


def outlier_weights(f: Floats, df: Floats, df_prior: float) -> Floats:
    """Return how much each feature counts.

    Parameters
    ----------
    f, df : ndarray of shape (n_features,)
        Variances over s2_prior and their degrees of freedom.
    df_prior : float
        Of the plain prior.
    """
    lower, upper = special.fdtr(df, df_prior, f), special.fdtrc(df, df_prior, f)
    rate = benjamini_hochberg(np.minimum(2.0 * np.minimum(lower, upper), 1.0))
    # the sum of all weights is not 0
    return np.where(rate > _IN_FULL, 1.0, np.maximum(rate, np.finfo(float).tiny))


def own_df(f: Floats, df: Floats, df_plain: float, common: float) -> Floats:
    """Return df_prior of every feature: less than the common one where it is an outlier.

    Parameters
    ----------
    f, df : ndarray of shape (n_features,)
        Variances over s2_prior of the plain prior, and their degrees of freedom.
    df_plain, common : float
        df_prior of the plain and of the robust prior.

    Notes
    -----
    An outlier beyond doubt, whose P is the smallest of all, gets log(1/2) / log P times the
    common df_prior, corrected once by the same rule at that df.
    """
    log_tail = log_upper_tail(f, df, df_plain)
    least = float(_MIDDLE / log_tail.min() * common)
    least = float(_MIDDLE / log_upper_tail(f, df, least).min() * least)
    return own_df_prior(f, log_tail, common, least, float(df.sum()))
