"""Estimability of an analysis: which contrasts its samples determine, on how many people."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import polars as pl

from analyses.design.coefficient_names import read_weights
from analyses.design.contrasts import contrast_weights, expand_contrasts
from analyses.design.curve import samples_on_curve
from analyses.design.estimability import aliased_columns
from analyses.design.model_matrix import Design, build_design
from analyses.design.subject_pairs import describe_contrast
from analyses.design.warnings import design_warnings
from analyses.load.measured_covariates import measured_names, without_unmeasured
from analyses.load.samples import chosen_samples
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.permutation.space import testable_within
from cohortmart.app.check.combat import combat_of
from cohortmart.app.check.confounding import Confounding, find_confounding
from cohortmart.app.check.contrast_sides import Counts, contrast_sides
from cohortmart.app.check.explained import check_explained
from cohortmart.app.check.outside import OutsideFactor, look_outside
from cohortmart.app.check.refusals import find_refusals
from cohortmart.app.check.returns import check_returns
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.normalise_records import BatchOptions
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import Nouns, joined
from cohortmart.core.types import Floats


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
    on_curve : str
        Number of the curve, such as `pregnancy_week`, whose values it compares; or empty.
    weights : ndarray of shape (n_coefficients,), or None
        Weights of the coefficients; None with a fault.
    aliased : tuple of str
        Columns that keep it from being estimated, as the samples cannot tell them apart.
    """

    name: str
    expression: str
    fault: str = ""
    kind: str = ""
    n_samples: int = 0
    n_subjects: int = 0
    n_complete: int = 0
    plus: Counts = ()
    minus: Counts = ()
    pairs_by_group: Counts = ()
    on_curve: str = ""
    weights: Floats | None = None
    aliased: tuple[str, ...] = ()


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
    confounding : tuple of Confounding
    outside : tuple of OutsideFactor
        Confounded factors that are not in the model.
    refusals : tuple of str
        Why the fit would refuse the design.
    removed_by : BatchOptions or None
        The step that removes batches from the assay beforehand.
    notes : tuple of str
        What was left out before the design was made.
    warnings : tuple of str
        Of samples and design, as the run says them too.
    unpermutable : tuple of str
        Contrasts that permuted timepoints cannot test; empty where the analysis permutes none.
    nouns : Nouns
        What the study calls people and timepoints.
    """

    fault: str = ""
    samples: pl.DataFrame | None = None
    design: Design | None = None
    contrasts: tuple[ContrastCheck, ...] = ()
    confounding: tuple[Confounding, ...] = ()
    outside: tuple[OutsideFactor, ...] = ()
    refusals: tuple[str, ...] = ()
    removed_by: BatchOptions | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unpermutable: tuple[str, ...] = ()
    nouns: Nouns = field(default=Nouns())

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
    where = f"analysis {name}"
    try:
        samples = chosen_samples(con, name, analysis, study)
        samples, notes = _before_values(con, samples, analysis, study, where)
        if analysis.model.curve is not None:
            on = samples_on_curve(samples, analysis.model.curve, study, where)
            samples, notes = on.samples, (*notes, *((on.note,) if on.note else ()))
    except AnalysisError as error:
        return AnalysisCheck(fault=str(error), nouns=study.nouns)
    confounding = tuple(find_confounding(samples, analysis.model, study))
    removed_by = combat_of(study, analysis.assay)
    try:
        design = build_design(samples, analysis.model, study, where)
        expanded = expand_contrasts(design, analysis.contrasts, analysis.model, study)
    except AnalysisError as error:
        return AnalysisCheck(
            fault=str(error),
            samples=samples,
            confounding=confounding,
            removed_by=removed_by,
            notes=notes,
            nouns=study.nouns,
        )
    contrasts = tuple(_contrast(design, samples, n, e) for n, e in expanded.expressions.items())
    estimable = {c.name: c.weights for c in contrasts if c.weights is not None}
    unpermutable = _unpermutable(design, analysis, contrasts)
    factors = dict.fromkeys(e.factor for e in confounding if not e.in_model)
    refused, explained = check_explained(con, analysis, study, design, samples, contrasts)
    not_followed, followed = check_returns(analysis, study, design)
    return AnalysisCheck(
        samples=samples,
        design=design,
        contrasts=contrasts,
        confounding=confounding,
        outside=tuple(
            look_outside(f, samples, design, estimable, analysis.model, study) for f in factors
        ),
        refusals=(
            *find_refusals(
                design,
                analysis,
                list(expanded.expressions),
                study.groups,
                _families(expanded.families, list(expanded.expressions)),
                unpermutable,
                study.nouns,
            ),
            *refused,
            *not_followed,
        ),
        removed_by=removed_by,
        notes=(*notes, *explained, *followed),
        warnings=design_warnings(samples, design, analysis, study),
        unpermutable=unpermutable,
        nouns=study.nouns,
    )


def _before_values(
    con: duckdb.DuckDBPyConnection,
    samples: pl.DataFrame,
    analysis: Analysis,
    study: Study,
    where: str,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Let any numbers stand for those of assays, which no header has; their samples are known."""
    measured = [name.written for name in measured_names(analysis.model.names, study)]
    if not measured:
        return samples, ()
    samples, notes = without_unmeasured(con, samples, measured, study, where)
    for name in measured:
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        samples = samples.with_columns(pl.Series(name, rng.normal(size=samples.height)))
    said = joined([f"`{name}`" for name in measured])
    note = f"values of {said} come with the run; any numbers stand for them here"
    return samples, (*notes, note)


def _families(
    families: Mapping[str, tuple[str, ...]], names: list[str]
) -> dict[str, tuple[int, ...]]:
    return {family: tuple(names.index(n) for n in of) for family, of in families.items()}


def _unpermutable(
    design: Design, analysis: Analysis, contrasts: Sequence[ContrastCheck]
) -> tuple[str, ...]:
    """Contrasts between people, or such whose estimate needs the levels of people."""
    labels = design.blocks if design.within is None else design.categories[design.within]
    can = [c for c in contrasts if c.weights is not None]
    if analysis.permutations is None or labels is None or not can:
        return ()
    matrix = np.column_stack([c.weights for c in can if c.weights is not None])
    testable = testable_within(design.basis, matrix, make_blocks(list(labels)))
    return tuple(
        c.name for c, good in zip(can, testable, strict=True) if not good or c.kind == "between"
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
            aliased=_aliased(design, expression),
        )
    pairs = describe_contrast(design, weights, samples)
    sides = contrast_sides(design, weights, samples)
    return ContrastCheck(
        name,
        expression,
        kind=pairs.kind,
        n_samples=pairs.n_samples,
        n_subjects=pairs.n_subjects,
        n_complete=pairs.n_complete,
        plus=sides.plus,
        minus=sides.minus,
        pairs_by_group=sides.by_group if pairs.kind == "mixed" else (),
        on_curve=sides.on_curve,
        weights=weights,
    )


def _aliased(design: Design, expression: str) -> tuple[str, ...]:
    """Columns that a contrast needs apart and the samples cannot part; none if it is unreadable."""
    baseline = () if design.baseline is None else (design.baseline,)
    try:
        of = read_weights(expression, [*design.columns, *baseline], design.spellings)
    except AnalysisError:
        return ()
    weights = np.array([of.get(column, 0.0) for column in design.columns])
    return tuple(design.columns[i] for i in aliased_columns(design.basis, weights))


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
