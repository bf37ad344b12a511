"""The contrasts behind a return: the difference at baseline, the changes of it, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.design.coefficient_names import read_weights
from analyses.design.contrast_expression import quoted
from analyses.design.contrasts import contrast_weights
from analyses.design.design import Design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.findings_records import ReturnTo
from cohortmart.core.study.records import Study
from cohortmart.core.text import did_you_mean, listed
from cohortmart.core.types import Floats

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class ReturnContrasts:
    """One entry of `return_to` on a design.

    Parameters
    ----------
    options : ReturnTo
    baseline : str
        Expression of the difference at baseline.
    left : tuple of str
        Expressions of the difference at each visit of `to`.
    matrix : ndarray of shape (n_coefficients, 1 + 2 n_visits)
        The difference at baseline; for each visit its change since then, and what is left.
    """

    options: ReturnTo
    baseline: str
    left: tuple[str, ...]
    matrix: Floats


def return_contrasts(
    where: str, design: Design, options: Sequence[ReturnTo], study: Study
) -> tuple[ReturnContrasts, ...]:
    """Write every entry of `return_to` as contrasts.

    Parameters
    ----------
    where : str
        Begins the messages.
    design : Design
    options : sequence of ReturnTo
    study : Study
        With its groups.

    Raises
    ------
    AnalysisError
        A name is unknown, a difference cannot be estimated, or a mean is compared with itself.
    """
    return tuple(_of_entry(where, design, one, study) for one in options)


def _of_entry(where: str, design: Design, one: ReturnTo, study: Study) -> ReturnContrasts:
    here = f"{where}`return_to` of {one.name}: "
    levels = _levels(design, study)
    expressions, differences = [], []
    for visit in (one.baseline, *one.to):
        against = _reference_at(here, design, one.reference, visit, levels)
        expression = f"{quoted(visit)} - {against}"
        expressions.append(expression)
        differences.append(_difference(here, design, expression))
    columns = [differences[0]]
    for left in differences[1:]:
        columns += [left - differences[0], left]
    return ReturnContrasts(one, expressions[0], tuple(expressions[1:]), np.column_stack(columns))


def _levels(design: Design, study: Study) -> tuple[str, ...]:
    """Return what a whole series of means may be called after: groups, and levels of factors."""
    found = dict.fromkeys(study.groups)
    for i, factor in enumerate(design.mean_factors):
        if factor != "timepoint":
            found |= dict.fromkeys(p[i] for p in design.mean_levels.values() if i < len(p))
    return tuple(found)


def _reference_at(
    here: str, design: Design, reference: str, visit: str, levels: Sequence[str]
) -> str:
    """Return the reference of a visit as it is written in an expression."""
    if reference in levels:
        return quoted(_same_visit(here, reference, visit, levels, design))
    names = dict.fromkeys([*levels, *design.columns, *design.spellings])
    known = dict.fromkeys([*design.columns, *([design.baseline] if design.baseline else [])])
    try:
        read_weights(reference, known, design.spellings)
    except AnalysisError as error:
        raise AnalysisError(
            f"{here}the reference is neither a group nor a sum of coefficients",
            expected=f"{listed(levels)}, for its mean at each visit; or a sum of "
            f"{listed(list(known), 8)}",
            found=reference,
            hint=did_you_mean(reference, list(names)) or error.hint,
        ) from error
    return f"({reference})"


def _same_visit(
    here: str, reference: str, visit: str, levels: Sequence[str], design: Design
) -> str:
    """Put the reference in the place of the level that a mean is of: MS.3rd becomes HP.3rd."""
    own = [level for level in levels if f".{visit}.".count(f".{level}.") == 1]
    if not own:
        raise AnalysisError(
            f"{here}`{visit}` is of no group, so its reference at that visit is not known",
            expected=f"a mean named by its group, one of {listed(levels)}",
            found=visit,
            hint=did_you_mean(visit, [*design.columns, *design.spellings])
            or f"write the reference out, such as `reference: {reference}.VISIT`",
        )
    level = max(own, key=len)
    if level == reference:
        raise AnalysisError(
            f"{here}`{visit}` would be compared with itself",
            expected=f"a mean of another group than {reference}",
            found=visit,
            hint=f"name the group that may return to {reference}",
        )
    return f".{visit}.".replace(f".{level}.", f".{reference}.", 1)[1:-1]


def _difference(here: str, design: Design, expression: str) -> Floats:
    try:
        weights = contrast_weights(design, expression, expression)
    except AnalysisError as error:
        raise AnalysisError(
            f"{here}{error.problem.removeprefix('contrast ')}",
            expected=error.expected,
            found=error.found,
            hint=error.hint and error.hint.replace("take the contrast out", "leave the entry out"),
        ) from error
    means = [w for w, name in zip(weights, design.columns, strict=True) if name in _means(design)]
    if abs(sum(means)) > _ROUNDING * max(1.0, *map(abs, means), 1.0):
        raise AnalysisError(
            f"{here}the weights of the reference add up to {1.0 - sum(means):g}",
            expected="weights that add up to 1, as of a mean",
            found=expression,
            hint="divide the sum by the number of its means",
        )
    return weights


def _means(design: Design) -> set[str]:
    """Return the coefficients that are means; none where they are differences to a baseline."""
    return set() if design.baseline is not None else set(design.mean_levels)
