"""A variant of an analysis, fitted to all features as far as it can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analyses.design.contrasts import contrast_weights
from analyses.design.model_matrix import Design, build_design
from analyses.fit.contrasts import ContrastResults, contrast_results
from analyses.fit.prepare import ModelInputs, Preparation
from analyses.fit.response import ValueBlock, Values
from analyses.fit.sample_design import ChosenDesign
from analyses.sensitivity.combat_first import combat_first
from analyses.sensitivity.variants import Variant
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis
from cohortmart.core.types import Floats

#: Unexplained share of a term's variance below which a model nearly has it already.
_NEARLY = 0.1


@dataclass(frozen=True, eq=False)
class Reference:
    """The analysis as it is, without its values.

    Parameters
    ----------
    analysis : Analysis
    samples : polars.DataFrame
        Those of every variant, too.
    design : Design
    expressions : mapping of str to str
        The contrasts to look at, by name.
    """

    analysis: Analysis
    samples: pl.DataFrame
    design: Design
    expressions: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a variant gives.

    Parameters
    ----------
    contrasts : tuple of str
        Those it can estimate, in the order of the columns of `fitted`.
    fitted : ContrastResults or None
        None where there are none of them.
    faults : mapping of str to str
        Why it cannot estimate the others.
    """

    contrasts: tuple[str, ...]
    fitted: ContrastResults | None
    faults: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class _WithoutBetas:
    """Values without the betas beside them, so that no delta_beta is fitted."""

    values: Values

    def blocks(self) -> Iterator[ValueBlock]:
        """Stream them."""
        for block in self.values.blocks():
            yield replace(block, beta=None)


def fit_all(name: str, analysis: Analysis, inputs: ModelInputs) -> ContrastResults:
    """Fit and moderate the contrasts, without delta_beta.

    Parameters
    ----------
    name : str
        Of the analysis.
    analysis : Analysis
    inputs : ModelInputs

    Raises
    ------
    AnalysisError
        A contrast cannot be estimated.
    """
    return contrast_results(name, analysis, replace(inputs, values=_WithoutBetas(inputs.values)))


def refit(preparation: Preparation, variant: Variant, reference: Reference) -> Outcome | None:
    """Fit a variant; None if it is the same model as the reference, written otherwise.

    Parameters
    ----------
    preparation : Preparation
        Of the analysis.
    variant : Variant
    reference : Reference
    """
    study, name = preparation.study, preparation.name
    every, where = reference.expressions, f"analysis {name}"
    try:
        design = build_design(reference.samples, variant.analysis.model, study, where)
    except AnalysisError as error:
        return Outcome((), None, dict.fromkeys(every, _words(error, where)))
    faults: dict[str, str] = {}
    for contrast, expression in every.items():
        try:
            contrast_weights(design, contrast, expression)
        except AnalysisError as error:
            faults[contrast] = _words(error, where) + _of_formula(variant, design, reference)
    if not faults and _is_same(variant, design, reference):
        return None
    possible = {c: e for c, e in every.items() if c not in faults}
    if not possible:
        return Outcome((), None, faults)
    own = variant.analysis.model_copy(update={"contrasts": possible, "joint_tests": {}})
    try:
        inputs = preparation.inputs_of(own, ChosenDesign(reference.samples, design, design.notes))
        if variant.combat is not None:
            inputs = combat_first(study, name, own, inputs, variant.combat)
        return Outcome(inputs.contrasts.names, fit_all(name, own, inputs), faults)
    except AnalysisError as error:
        return Outcome((), None, {**dict.fromkeys(possible, _words(error, where)), **faults})


def _of_formula(variant: Variant, design: Design, reference: Reference) -> str:
    """Say it where a formula with other terms gives its coefficients other names."""
    other = sorted(set(design.columns) - set(reference.design.columns))
    if variant.analysis.model.formula is None or not other:
        return ""
    return (
        f" (with other terms the formula codes its columns otherwise: {other[0]}; written with "
        "`means` the model keeps its names)"
    )


def _is_same(variant: Variant, design: Design, reference: Reference) -> bool:
    """Whether the variant's terms span what those of the reference do, all else being equal.

    One term more or less: equal ranks mean that the other terms explain it already. A term more
    that they nearly explain (the week of pregnancy beside the visits) is one of the contrasts
    written otherwise: with it in the model nothing is left of them, and that says nothing.
    """
    old, new = reference.analysis.model, variant.analysis.model
    handled = [(m.block, m.within, m.correlation) for m in (old, new)]
    if variant.combat is not None or handled[0] != handled[1]:
        return False
    return design.rank == reference.design.rank or (
        design.rank > reference.design.rank
        and _left_over(design.matrix, reference.design.matrix) < _NEARLY
    )


def _left_over(columns: Floats, model: Floats) -> float:
    """Return the largest share of the variance of a column that a model leaves unexplained."""
    rest = columns - model @ np.linalg.lstsq(model, columns, rcond=None)[0]
    spread = ((columns - columns.mean(axis=0)) ** 2).sum(axis=0)
    varies = spread > 0
    return float(((rest**2).sum(axis=0)[varies] / spread[varies]).max(initial=0.0))


def _words(error: AnalysisError, where: str) -> str:
    """One line without the name of the analysis, which stands beside it in the table."""
    return " ".join(error.problem.removeprefix(where).lstrip(":, ").split())
