"""Features that make poor company: genes without a count, and too few for a common prior."""

from __future__ import annotations

import numpy as np

from analyses.fit.response import SampleWeightedValues, Values, ValuesInMemory
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.fit_f_dist import FEWEST_FEATURES
from cohortmart.core.study.records import Analysis
from cohortmart.core.text import counted

#: A larger share of genes without a count is worth a warning.
MANY_UNEXPRESSED = 0.3
#: A prior of the variances from fewer features than this is rough.
FEW_FEATURES = 50


def unexpressed_warnings(analysis: Analysis, values: Values) -> list[str]:
    """Warn of genes without a count in any chosen sample where they are many and no filter is.

    Parameters
    ----------
    analysis : Analysis
        With its `filter`.
    values : Values
        Of the analysis.
    """
    if isinstance(values, SampleWeightedValues):
        values = values.values
    if analysis.filter != "none" or not isinstance(values, ValuesInMemory):
        return []
    n, n_genes = values.n_unexpressed, len(values.whole.feature_ids)
    if n <= MANY_UNEXPRESSED * n_genes:
        return []
    block = analysis.model.block is not None and analysis.values == "voom"
    pulled = "the correlation within blocks and " if block else ""
    return [
        f"{n:,} of {counted(n_genes, 'gene')} have no count in any of the chosen samples; they "
        f"pull {pulled}the prior of the variances, and so every P value; "
        "`filter: filter_by_expr` leaves them out"
    ]


def prior_notes(fit: ContrastFit) -> list[str]:
    """Say of how many features the prior of the variances is made, if they are few.

    Parameters
    ----------
    fit : ContrastFit
        Of every feature.
    """
    n = int((np.isfinite(fit.sigma2) & (fit.df_residual > 0)).sum())
    if n >= FEW_FEATURES:
        return []
    if n < FEWEST_FEATURES:
        return [
            f"{counted(n, 'feature')} with a variance: too few for a prior, so nothing is "
            "moderated (df_prior 0)"
        ]
    return [
        f"the prior of the variances is estimated from {counted(n, 'feature')}: below "
        f"{FEW_FEATURES} it is rough, and df_prior with it"
    ]
