"""Variance components of the blocks and of the noise, for every feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analyses.stats.mixed.block_rotation import RotatedFeatures
from analyses.stats.mixed.kenward_roger import ExpectedInformation, expected_information
from analyses.stats.mixed.reml import block_rho
from analyses.stats.mixed.satterthwaite import RatioInformation, ratio_information
from cohortmart.core.types import Floats

DfMethod = Literal["satterthwaite", "kenward_roger"]

#: Largest correlation; some CpGs follow a variant of the DNA and hardly vary within a person.
_HIGHEST = 1.0 - 1e-6


@dataclass(frozen=True)
class Components:
    """Variance components of some features and what every contrast needs of them.

    `shrunk` is 1 / (1 + l d), of shape (n_features, k); the others have shape (n_features,).
    `expected` asks for Kenward and Roger's statistics, None for Satterthwaite's.
    """

    correlation: Floats
    ratio: Floats
    shrunk: Floats
    sigma2: Floats
    information: RatioInformation
    expected: ExpectedInformation | None = None


def estimate_components(rotated: RotatedFeatures, df: DfMethod = "satterthwaite") -> Components:
    """Estimate both variances of every feature by restricted maximum likelihood.

    Parameters
    ----------
    rotated : RotatedFeatures
        A block of features.
    df : {"satterthwaite", "kenward_roger"}
        What will be asked of their contrasts.
    """
    n, d, n_free = len(rotated.rss0), rotated.d, rotated.n_free
    carries = (d > 0).any(axis=0)
    alike = len(d) == 1 and n > 0  # then all have the same residual degrees of freedom, too
    rho = block_rho(
        d[:, carries], rotated.squares[:, carries], rotated.rss0,
        np.maximum(n_free[:1] if alike else n_free, 1.0), 0.0, _HIGHEST,
    )  # fmt: skip
    rho = np.where(rotated.known, rho, np.nan)
    used = np.where(np.isnan(rho), 0.0, rho)
    ratio = used / (1.0 - used)
    shrunk = 1.0 / (1.0 + ratio[:, None] * d)
    rss = rotated.rss0 + (rotated.squares * shrunk).sum(axis=1)
    sigma2 = np.where(n_free > 0, rss / np.maximum(n_free, 1.0) * (1.0 + ratio), np.nan)
    information = ratio_information(d, rotated.squares, rss, n_free, ratio, used < _HIGHEST)
    expected = None
    if df == "kenward_roger":
        expected = expected_information(d, n_free, ratio, np.isfinite(rho))
    return Components(rho, ratio, shrunk, sigma2, information, expected)
