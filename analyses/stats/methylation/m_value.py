"""M values of methylation betas (Du et al. 2010, BMC Bioinformatics 11:587)."""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Floats


def m_value(beta: Floats, clip: float) -> Floats:
    """Return log2(beta / (1 - beta)), beta first clipped to [clip, 1 - clip]; NaN stays NaN.

    Parameters
    ----------
    beta : ndarray of any shape
        Shares methylated, 0 to 1.
    clip : float
        Above 0 and below 0.5.
    """
    inside = np.clip(beta, clip, 1.0 - clip)
    return np.asarray(np.log2(inside / (1.0 - inside)))
