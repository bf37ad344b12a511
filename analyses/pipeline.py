"""From the warehouse to `results/`: every step of every analysis of a study."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from analyses.activity.contrast_activity import ACTIVITY
from analyses.contrasts.contrast_set import CONTRASTS
from analyses.contrasts.thresholds import THRESHOLDS
from analyses.enrichment.enrichment import ENRICHMENT
from analyses.explained.tables import EXPLAINED_CHANGES
from analyses.identity.identity import IDENTITY
from analyses.methylation_expression.dmp_deg import LINKS
from analyses.modules.module_overlap import MODULE_OVERLAP
from analyses.modules.modules import MODULES
from analyses.overlap.overlap import OVERLAP
from analyses.permutations.tables import PERMUTATIONS
from analyses.quality.assays import QUALITY
from analyses.regions.regions import REGIONS
from analyses.returns.tables import RETURNS
from analyses.sensitivity.tables import SENSITIVITY
from analyses.signatures.signature_tables import SIGNATURES
from analyses.step import take_steps
from analyses.variance.tables import VARIANCE
from analyses.write.results import keep_only
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.home import Home

#: All steps, read from top to bottom. An analysis goes through the steps of a row one after the
#: other, so that they share what was prepared for its fit; a row begins when all are through the
#: row before, so that findings may read the contrasts of any analysis.
STEPS = (
    (QUALITY,),
    (IDENTITY,),
    (
        CONTRASTS,
        THRESHOLDS,
        PERMUTATIONS,
        SENSITIVITY,
        EXPLAINED_CHANGES,
        VARIANCE,
        REGIONS,
        SIGNATURES,
        RETURNS,
    ),
    (OVERLAP, LINKS, ENRICHMENT, MODULES, MODULE_OVERLAP, ACTIVITY),
)


@dataclass(frozen=True)
class AnalysisSummary:
    """What `analyse` did.

    Parameters
    ----------
    done, skipped : tuple of str
        Names of the analyses computed now, and of those whose results were already there.
    seconds : float
    """

    done: tuple[str, ...]
    skipped: tuple[str, ...]
    seconds: float


def analyse(
    study: Study,
    home: Home,
    only: str | None = None,
    say: Callable[[str], None] = print,
) -> AnalysisSummary:
    """Compute every analysis whose inputs or parameters changed since its results were written.

    Parameters
    ----------
    study : Study
    home : Home
        With a built warehouse, which is only read.
    only : str, optional
        Name of one analysis; it is computed even if its results are there.
    say : callable
        Takes one line of progress.

    Raises
    ------
    AnalysisError
        `only` is no analysis of the study, or some cannot be computed; the others are written.
    InputError
        The warehouse was built from another lake than the one that is there.
    """
    if only is not None and only not in study.analyses:
        raise AnalysisError(
            f"the study has no analysis called {only}",
            expected=", ".join(study.analyses) or "(it has none)",
            found=only,
            hint=did_you_mean(only, study.analyses) or None,
        )
    began = time.monotonic()
    keep_only(home, {table: s.parts(study) for row in STEPS for s in row for table in s.tables})
    progress = take_steps(STEPS, study, home, say, only)
    if progress.faults:
        raise _joined(progress.faults)
    done, skipped = (
        tuple(name for step, name in some if step == CONTRASTS.name)
        for some in (progress.done, progress.skipped)
    )
    return AnalysisSummary(done, skipped, time.monotonic() - began)


def _joined(faults: list[AnalysisError]) -> AnalysisError:
    """Say all faults in one error."""
    if len(faults) == 1:
        return faults[0]
    text = "\n".join(str(fault) for fault in faults)
    return AnalysisError(f"{len(faults)} parts of the analyses could not be computed\n{text}")
