"""Tests against a minimum effect (McCarthy & Smyth 2009, Bioinformatics 25:765).

Among very many samples or features every tiny effect is significant. Here the null hypothesis is
|effect| <= tau, not effect = 0; its P value is the largest there, at |effect| = tau.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.ebayes import ModeratedFit
from analyses.stats.numeric.tail_table import t_two_sided_of_rows

_ROWS = 65536  # features at a time, so that the one-sided tails take no memory to speak of


def treat(fit: ContrastFit, moderated: ModeratedFit, minimum_log_fc: float) -> ModeratedFit:
    """Test whether each contrast is beyond a minimum effect.

    Parameters
    ----------
    moderated : ModeratedFit
        Of `fit`; its se and df_total are used.
    minimum_log_fc : float
        tau >= 0, in the units of the estimates: log2 for expression, M for methylation.

    Returns
    -------
    ModeratedFit
        t = sign(b) max(|b| - tau, 0) / se; p_value = P(T > (|b| - tau) / se)
        + P(T > (|b| + tau) / se) with df_total degrees of freedom; `b`, the log-odds of any
        effect at all, is NaN. All else, the intervals too, is that of `moderated`.

    Raises
    ------
    ValueError
        The minimum is negative or not finite.

    Notes
    -----
    With tau = 0 this is the ordinary two-sided test, to the last bit.
    """
    tau = float(minimum_log_fc)
    if not (np.isfinite(tau) and tau >= 0):
        raise ValueError(f"the minimum effect must be a number from 0 on, not {minimum_log_fc}")
    t, p = (np.empty(fit.estimate.shape, order="F") for _ in range(2))
    for start in range(0, len(t), _ROWS):
        rows = slice(start, start + _ROWS)
        estimate, se, df = fit.estimate[rows], moderated.se[rows], moderated.df_total[rows]
        size = np.abs(estimate)
        with np.errstate(divide="ignore", invalid="ignore"):
            near, far = (size - tau) / se, (size + tau) / se
        # adding 0 makes a plain zero of a negative one
        t[rows] = np.sign(estimate) * np.maximum(near, 0.0) + 0.0
        half = t_two_sided_of_rows(near, df) / 2
        p[rows] = np.where(near < 0, 1.0 - half, half) + t_two_sided_of_rows(far, df) / 2
    return replace(moderated, t=t, p_value=p, b=np.full(t.shape, np.nan))
