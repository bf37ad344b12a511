"""The rebound of an analysis: the contrasts that it needs beside its own, and its tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analyses.fit.contrasts import ContrastResults
from analyses.fit.prepare import ModelInputs
from analyses.rebound.pairs import ContrastPair, PairDifference, differences, resolve_pairs
from analyses.rebound.rebound import amplitude_contrasts, difference_contrasts
from analyses.rebound.tables import difference_rows, pair_rows, rebound_rows
from analyses.stats.moderation.ebayes import ebayes
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.types import Floats

#: Tables that an analysis without `rebound` has without rows.
REBOUND_TABLES = ("rebound_pair", "rebound", "rebound_difference")


@dataclass(frozen=True)
class ReboundPlan:
    """Pairs of contrasts to be read together, and the groups to be compared in them."""

    pairs: tuple[ContrastPair, ...] = ()
    differences: tuple[PairDifference, ...] = ()

    def contrasts(self, matrix: Floats) -> Floats:
        """Return the amplitudes of the pairs, then their differences between groups.

        Parameters
        ----------
        matrix : ndarray of shape (n_coefficients, n_contrasts)
            The contrasts that the pairs count.
        """
        return np.column_stack(
            [
                amplitude_contrasts(matrix, self.pairs),
                difference_contrasts(matrix, self.pairs, self.differences),
            ]
        )

    @property
    def rotated(self) -> list[tuple[int, int]]:
        """Pairs of contrasts whose correlation is tested by rotation."""
        return [(p.first, p.second) for p in self.pairs]


def rebound_plan(
    study: Study, name: str, analysis: Analysis, contrasts: tuple[str, ...]
) -> ReboundPlan:
    """Find the contrasts that are read together; none where the analysis has no `rebound`.

    Parameters
    ----------
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis
    contrasts : tuple of str
        Their names.

    Raises
    ------
    AnalysisError
        A pair cannot be found.
    """
    if analysis.rebound is None:
        return ReboundPlan()
    try:
        pairs = resolve_pairs(contrasts, analysis.rebound.pairs, study.groups)
    except AnalysisError as error:
        raise AnalysisError(
            f"analysis {name}: {error.problem}",
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        ) from error
    return ReboundPlan(pairs, differences(pairs, study.groups))


def rebound_tables(
    name: str, analysis: Analysis, inputs: ModelInputs, results: ContrastResults, plan: ReboundPlan
) -> dict[str, Iterable[pa.Table]]:
    """Return the tables of the rebound, in pieces.

    Parameters
    ----------
    name : str
        Of the analysis.
    analysis : Analysis
    inputs : ModelInputs
    results : ContrastResults
        With the contrasts of the plan as further ones.
    plan : ReboundPlan
    """
    if analysis.rebound is None or not plan.pairs:
        return {table: [] for table in REBOUND_TABLES}
    contrasts, ids, further = inputs.contrasts.names, results.feature_ids, results.further
    moderated = ebayes(further, results.prior)
    return {
        "rebound_pair": pair_rows(
            name, plan.pairs, contrasts, _cell_type(inputs), analysis.rebound.preset
        ),
        "rebound": rebound_rows(
            name, plan.pairs, contrasts, ids, results.fit, results.moderated, results.delta_beta,
            further, moderated,
        ),
        "rebound_difference": difference_rows(
            name, plan.differences, ids, further, moderated, first_column=len(plan.pairs)
        ),
    }  # fmt: skip


def _cell_type(inputs: ModelInputs) -> str | None:
    """Return the one cell type of the samples, if they have one."""
    found = inputs.samples["cell_type"].unique().to_list()
    return found[0] if len(found) == 1 else None
