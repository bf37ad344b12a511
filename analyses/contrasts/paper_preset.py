"""The preset `paper`: what it does as the model study did (Zenere et al. 2023), in words."""

from __future__ import annotations

from cohortmart.core.study.records import Analysis

_REBOUND = (
    "a feature counts if both changes have P below the threshold: not adjusted for the number of "
    "features",
    "the two changes need not have opposite signs (rebound_union.n_not_opposite says how many "
    "do not)",
    "lists of the groups are joined; `common` means the same signs in both groups, not a test",
    "a feature in the list of one group only is no evidence of a difference between the groups "
    "(rebound_group.differs is)",
)
_MODULES = (
    "the published program weights the seeds in its first step only; afterwards every gene of "
    "the module counts with the seed weight, while the size of the module does not",
    "with a seed weight above 1 most P values are exactly 0 and the order among them is that of "
    "the names",
)


def quirks(analysis: Analysis) -> tuple[str, ...]:
    """List what differs from the default in an analysis that asks for the paper's way.

    Parameters
    ----------
    analysis : Analysis
    """
    said: list[str] = []
    if analysis.rebound is not None and analysis.rebound.preset == "paper":
        said += _REBOUND
        if analysis.contrast_errors == "exact":
            said.append("standard errors are exact here; the study's were limma's approximation")
    if analysis.modules is not None and analysis.modules.mode == "paper":
        said += _MODULES
    return tuple(f"preset paper: {line}" for line in said)
