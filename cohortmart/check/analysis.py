"""What one analysis can estimate, on how many people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from analyses.design.contrast_expression import parse_contrast
from analyses.design.contrasts import contrast_weights, expand_contrasts
from analyses.design.estimability import entangled_columns
from analyses.design.mean_weights import mean_weights
from analyses.design.model_matrix import Design, build_design
from analyses.design.pairs import describe_contrast
from analyses.load.samples import chosen_samples
from cohortmart.check.combat import combat_of
from cohortmart.check.confounding import Entanglement, find_entanglements
from cohortmart.check.outside import OutsideFactor, look_outside
from cohortmart.check.refusals import find_refusals
from cohortmart.errors import AnalysisError
from cohortmart.study import Analysis, Study


@dataclass(frozen=True, eq=False)
class ContrastCheck:
    """One contrast of an analysis.

    Parameters
    ----------
    name, expression : str
    fault : str
        Why it cannot be estimated; empty if it can.
    kind : str
        within, between, mixed or unknown; empty with a fault.
    n_samples, n_subjects, n_complete : int
        Samples, people and complete pairs, see `ContrastPairs`.
    plus, minus : tuple of (str, int)
        People in each combination of either side.
    pairs_by_group : tuple of (str, int)
        Complete pairs of each group, where a contrast compares changes between groups.
    weights : ndarray of shape (n_coefficients,), or None
        Weights of the coefficients; None with a fault.
    entangled : tuple of str
        Columns that keep it from being estimated, as the samples cannot tell them apart.
    """

    name: str
    expression: str
    fault: str = ""
    kind: str = ""
    n_samples: int = 0
    n_subjects: int = 0
    n_complete: int = 0
    plus: tuple[tuple[str, int], ...] = ()
    minus: tuple[tuple[str, int], ...] = ()
    pairs_by_group: tuple[tuple[str, int], ...] = ()
    weights: NDArray[np.float64] | None = None
    entangled: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AnalysisCheck:
    """What was found about one analysis.

    Parameters
    ----------
    fault : str
        Why its samples, design or contrasts cannot be made; empty if they can.
    samples : DataFrame or None
        The chosen rows of `dim_sample`.
    design : Design or None
    contrasts : tuple of ContrastCheck
    entanglements : tuple of Entanglement
    outside : tuple of OutsideFactor
        Entangled factors that are not in the model.
    refusals : tuple of str
        Why the fit would refuse the design.
    removed : str or None
        Factor that ComBat removes from the assay beforehand.
    """

    fault: str = ""
    samples: pl.DataFrame | None = None
    design: Design | None = None
    contrasts: tuple[ContrastCheck, ...] = ()
    entanglements: tuple[Entanglement, ...] = ()
    outside: tuple[OutsideFactor, ...] = ()
    refusals: tuple[str, ...] = ()
    removed: str | None = None

    @property
    def faulty(self) -> bool:
        """Whether `cohortmart analyse` would refuse it."""
        return bool(self.fault or self.refusals) or any(c.fault for c in self.contrasts)


def check_analysis(
    con: duckdb.DuckDBPyConnection, name: str, analysis: Analysis, study: Study
) -> AnalysisCheck:
    """Choose the samples of an analysis, make its design and try every contrast.

    Parameters
    ----------
    con : DuckDBPyConnection
        Has `dim_sample` and `qc_sample`.
    name : str
        Of the analysis.
    analysis : Analysis
    study : Study
    """
    try:
        samples = chosen_samples(con, name, analysis)
    except AnalysisError as error:
        return AnalysisCheck(fault=str(error))
    entanglements = tuple(find_entanglements(samples, analysis.model, study))
    combat = combat_of(study, analysis.assay)
    removed = None if combat is None else combat.batch
    try:
        design = build_design(samples, analysis.model, study, f"analysis {name}")
        expressions = expand_contrasts(design, analysis.contrasts, analysis.model, study)
    except AnalysisError as error:
        return AnalysisCheck(
            fault=str(error), samples=samples, entanglements=entanglements, removed=removed
        )
    contrasts = tuple(_contrast(design, samples, n, e) for n, e in expressions.items())
    estimable = {c.name: c.weights for c in contrasts if c.weights is not None}
    factors = dict.fromkeys(e.factor for e in entanglements if not e.in_model)
    return AnalysisCheck(
        samples=samples,
        design=design,
        contrasts=contrasts,
        entanglements=entanglements,
        outside=tuple(
            look_outside(f, samples, design, estimable, analysis.model, study) for f in factors
        ),
        refusals=find_refusals(design, analysis, list(expressions), study.groups),
        removed=removed,
    )


def _contrast(design: Design, samples: pl.DataFrame, name: str, expression: str) -> ContrastCheck:
    try:
        weights = contrast_weights(design, name, expression)
    except AnalysisError as error:
        fault = error.problem.removeprefix(f"contrast {name}").removeprefix(" cannot be estimated")
        return ContrastCheck(
            name,
            expression,
            fault=fault.removeprefix(": "),
            entangled=_entangled(design, expression),
        )
    pairs = describe_contrast(design, weights, samples)
    of_label = {} if design.mean_labels is None else mean_weights(design, weights)
    plus, minus, by_group = _sides(design, of_label, samples)
    return ContrastCheck(
        name,
        expression,
        kind=pairs.kind,
        n_samples=pairs.n_samples,
        n_subjects=pairs.n_subjects,
        n_complete=pairs.n_complete,
        plus=plus,
        minus=minus,
        pairs_by_group=by_group if pairs.kind == "mixed" else (),
        weights=weights,
    )


def _entangled(design: Design, expression: str) -> tuple[str, ...]:
    """Columns that a contrast needs apart and the samples cannot part; none if it is unreadable."""
    baseline = () if design.baseline is None else (design.baseline,)
    try:
        of = parse_contrast(expression, [*design.columns, *baseline])
    except AnalysisError:
        return ()
    weights = np.array([of.get(column, 0.0) for column in design.columns])
    return tuple(design.columns[i] for i in entangled_columns(design.matrix, weights))


Counts = tuple[tuple[str, int], ...]


def _sides(
    design: Design, of_label: dict[str, float], samples: pl.DataFrame
) -> tuple[Counts, Counts, Counts]:
    """People of each combination on either side, and of each group in all of its combinations."""
    if design.mean_labels is None:
        return (), (), ()
    group_of = dict(samples.select("subject_id", "study_group").iter_rows())
    people: dict[str, set[str]] = {label: set() for label in of_label}
    for label, subject in zip(design.mean_labels, samples["subject_id"].to_list(), strict=True):
        if label in people:
            people[label].add(subject)
    plus = tuple((n, len(people[n])) for n, w in of_label.items() if w > 0)
    minus = tuple((n, len(people[n])) for n, w in of_label.items() if w < 0)
    by_group = []
    for group in sorted({group_of[s] for members in people.values() for s in members}):
        members = [{s for s in m if group_of[s] == group} for m in people.values()]
        with_members = [m for m in members if m]
        if len(with_members) > 1:
            by_group.append((group, len(set.intersection(*with_members))))
    return plus, minus, tuple(by_group)


def single_samples(check: AnalysisCheck) -> list[str]:
    """Return the combinations of which there is one sample only, sorted."""
    if check.design is None or check.design.mean_labels is None:
        return []
    counts = Counter(check.design.mean_labels)
    return sorted(label for label, n in counts.items() if n == 1)


def single_blocks(check: AnalysisCheck) -> tuple[int, int]:
    """Return how many blocks have one sample only, and how many there are."""
    if check.design is None or check.design.blocks is None:
        return 0, 0
    counts = Counter(check.design.blocks.tolist())
    return sum(n == 1 for n in counts.values()), len(counts)
