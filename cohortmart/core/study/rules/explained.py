"""What must hold for the variables that may explain the changes of an analysis."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import ROLES, Analysis, Study
from cohortmart.core.study.rules.measured import meant_assay, validate_measured
from cohortmart.core.study.rules.model_options import validate_names
from cohortmart.core.study.variables import measured_name
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean, joined

#: Parts of a change that are no variable.
PARTS = ("total", "remaining", "explained")


def validate_explained(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Yield what is wrong with `explained_by` of an analysis.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    here : KeyPath
        Where the analysis stands.
    """
    options = analysis.explained_by
    if options is None:
        return
    place: KeyPath = (*here, "explained_by")
    yield from validate_names(analysis, options.contrasts, (*place, "contrasts"))
    for i, name in enumerate(options.variables):
        at: KeyPath = (*place, "variables", i)
        if name in options.variables[:i]:
            yield Fault(
                at,
                f"`{name}` stands twice in `variables`",
                expected="each variable once",
                found=name,
                hint="delete one of the two",
            )
        elif name in PARTS:
            yield Fault(
                at,
                f"a variable cannot be called `{name}`: so is a part of the change",
                expected="a name other than " + joined(PARTS, "and"),
                found=name,
                hint="give the column of the sheet another name",
            )
        elif _is_in_model(name, analysis.model):
            yield Fault(
                at,
                f"`{name}` is in the model already, so no change is left for it to explain",
                expected="variables that the model does not have",
                found=name,
                hint=f"take `{name}` out of the model, or out of `variables`",
            )
        else:
            yield from _check_variable(study, name, at)


def _is_in_model(name: str, model: Model) -> bool:
    of_curve = () if model.curve is None else (model.curve.of,)
    if name in (*model.covariates, *of_curve):
        return True
    return model.formula is not None and bool(
        re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", model.formula)
    )


def _check_variable(study: Study, name: str, at: KeyPath) -> Iterator[Fault]:
    """Check that a variable is a number of every sample."""
    measured = measured_name(name, study)
    if measured is not None:
        yield from validate_measured(study, at, measured)
        return
    if name in study.covariates:
        return
    category = name in (*ROLES, *study.factors)
    known = list(study.covariates)
    yield Fault(
        at,
        f"`{name}` is a category, and `explained_by` takes numbers"
        if category
        else f"`{name}` is no covariate of the study",
        expected=("one of " + ", ".join(known) if known else "a covariate of the sheet")
        + ", or ASSAY.FEATURE of a continuous or a derived assay",
        found=name,
        hint=did_you_mean(name, known)
        or meant_assay(study, name)
        or "declare it under `covariates` of `samples`",
    )
