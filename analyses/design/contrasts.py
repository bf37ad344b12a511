"""The contrasts of an analysis as a matrix over the coefficients of its design."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from analyses.design.aliasing import explained, is_told_without_within
from analyses.design.coefficient_names import read_weights
from analyses.design.contrast_expansion import expand_contrasts
from analyses.design.contrast_expression import parse_contrast
from analyses.design.contrast_words import meaning_of
from analyses.design.estimability import aliased_columns, is_estimable
from analyses.design.model_matrix import INTERCEPT, Design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted, joined, listed
from cohortmart.core.types import Floats

__all__ = ["Contrasts", "build_contrasts", "contrast_weights", "expand_contrasts"]


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Contrasts that the design can estimate.

    Parameters
    ----------
    names : tuple of str, length n_contrasts
    expressions : tuple of str
        As written, or as a reserved key makes them.
    matrix : ndarray of shape (n_coefficients, n_contrasts)
        Weights of the design's coefficients.
    meanings : tuple of str
        What each measures, in plain words.
    families : mapping of str to tuple of int
        Reserved key to the contrasts it stands for.
    """

    names: tuple[str, ...]
    expressions: tuple[str, ...]
    matrix: Floats
    meanings: tuple[str, ...]
    families: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def build_contrasts(
    design: Design, contrasts: Mapping[str, str], model: Model, study: Study
) -> Contrasts:
    """Read the contrasts of an analysis.

    Parameters
    ----------
    design : Design
    contrasts : mapping of str to str
        Name to expression, or a reserved key to `all` (see `expand_contrasts`).
    model : Model
    study : Study

    Returns
    -------
    Contrasts
        In the order of `contrasts`.

    Raises
    ------
    AnalysisError
        An expression cannot be read, or a contrast cannot be estimated; the message begins
        with the contrast's name and says which samples are missing.
    """
    expanded = expand_contrasts(design, contrasts, model, study)
    named = expanded.expressions
    columns = [contrast_weights(design, name, text) for name, text in named.items()]
    place = {name: i for i, name in enumerate(named)}
    return Contrasts(
        names=tuple(named),
        expressions=tuple(named.values()),
        matrix=np.column_stack(columns) if columns else np.zeros((len(design.columns), 0)),
        meanings=tuple(meaning_of(design, c, study) for c in columns),
        families={f: tuple(place[n] for n in of) for f, of in expanded.families.items()},
    )


def contrast_weights(design: Design, name: str, expression: str) -> Floats:
    """Return one contrast as weights of the coefficients.

    In a model with a baseline the baseline's own name may stand in a difference of means, so
    that an expression means the same with and without a baseline.

    Parameters
    ----------
    design : Design
    name : str
        Begins the messages.
    expression : str

    Returns
    -------
    ndarray of shape (n_coefficients,)

    Raises
    ------
    AnalysisError
        The expression cannot be read or estimated.
    """
    weights = _read(design, name, expression)
    if design.baseline in weights:
        _refuse_lone_baseline(design, name, expression, weights)
    vector = np.array([weights.get(column, 0.0) for column in design.columns])
    if not is_estimable(design.basis, vector):
        raise _not_estimable(design, name, expression, vector)
    return vector


def _read(design: Design, name: str, expression: str) -> dict[str, float]:
    baseline = () if design.baseline is None else (design.baseline,)
    known = dict.fromkeys([*design.columns, *baseline])
    try:
        return read_weights(expression, known, design.spellings)
    except AnalysisError as error:
        absent = _absent_names(design, expression, known)
        if absent:
            lacking = absent if design.mean_levels else list(design.empty) or absent
            raise AnalysisError(
                f"contrast {name} cannot be estimated: no sample is {joined(lacking)} among the "
                f"{len(design.sample_ids)} chosen",
                expected=f"a sum of {listed(list(known))}",
                found=expression,
                hint="choose such samples in `where`, or take the contrast out",
            ) from error
        raise AnalysisError(
            f"contrast {name}: {error.problem}",
            column=error.column,
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        ) from error


def _absent_names(design: Design, expression: str, known: Collection[str]) -> list[str]:
    """Names that would be known if there were samples for them."""
    try:
        lacking = {*design.absent, *design.empty} - {*known}
        weights = parse_contrast(expression, {*known, *design.spellings, *lacking})
    except AnalysisError:
        return []
    return [n for n in weights if n in lacking]


def _refuse_lone_baseline(
    design: Design, name: str, expression: str, weights: Mapping[str, float]
) -> None:
    means = [w for n, w in weights.items() if n in design.mean_levels]
    total = sum(means)
    if abs(total) > 1e-9 * max(map(abs, means)):
        raise AnalysisError(
            f"contrast {name}: `{design.baseline}` is the baseline, so its mean may stand only in "
            "a difference of means",
            expected="weights of the means that sum to 0",
            found=f"they sum to {total:g} in {expression}",
            hint=f"the baseline's own mean is `{INTERCEPT}`; every other coefficient is already "
            "the difference to it",
        )


def _not_estimable(design: Design, name: str, expression: str, vector: Floats) -> AnalysisError:
    """Say which columns the samples cannot part, and which combination would part them."""
    if is_told_without_within(design, vector):
        return _between(design, name, expression)
    # what is aliased with the levels of `within` is so on purpose
    whole = bool(np.any(vector[design.n_own :]))
    basis, n = (design.basis, len(vector)) if whole else (design.own_basis, design.n_own)
    aliased = [design.columns[i] for i in aliased_columns(basis, vector[:n])]
    missing = f"no sample is {listed(design.empty)}; " if design.empty else ""
    sums = "; ".join(explained(design, aliased))
    return AnalysisError(
        f"contrast {name} cannot be estimated: among the "
        f"{counted(len(design.sample_ids), 'chosen sample')} "
        f"{missing}{listed(aliased)} are aliased and only some of their sums are determined"
        + (f": {sums}" if sums else ""),
        expected="a contrast that the chosen samples determine",
        found=expression,
        hint="choose samples that tell these apart, or take one of them out of the model",
    )


def _between(design: Design, name: str, expression: str) -> AnalysisError:
    """Say that the levels of `within` take the contrast away."""
    # kept with the results, which do not depend on what a study calls its people
    who = "people" if design.within == "subject" else f"levels of `{design.within}`"
    return AnalysisError(
        f"contrast {name} cannot be estimated: it is between {who}, and `{design.within}` is in "
        "the model (`within`), which takes every difference between them out",
        expected=f"a contrast within {who}: both of its sides have samples of the same",
        found=expression,
        hint=f"use `block: {design.within}` in place of `within`, or take the contrast out",
    )
