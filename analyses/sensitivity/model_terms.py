"""Terms put into a model and taken out of it, whether it is written as means or as a formula."""

from __future__ import annotations

from typing import Any

from analyses.design.formula_safety import variables_of_code
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import ROLE_COLUMNS, Study


def names_in_model(model: Model, study: Study) -> set[str]:
    """Return every variable of a model, its block among them.

    Parameters
    ----------
    model : Model
        One that `build_design` accepts.
    study : Study
    """
    named = {*model.means, *model.covariates, model.block, model.within}
    if model.curve is not None:
        named |= {model.curve.of, model.curve.by}
    named |= {name for _, names in _formula_terms(model, study) for name in names}
    return {name for name in named if name is not None}


def removable_terms(model: Model, study: Study) -> tuple[str, ...]:
    """Return the variables that can be taken out and leave the other terms as they are.

    These are the `covariates`; of a formula, the declared columns that stand in no term with
    another variable. Roles (group, timepoint) of a formula are what it is about.

    Parameters
    ----------
    model : Model
    study : Study
    """
    if model.formula is None:
        return model.covariates
    terms = _formula_terms(model, study)
    crossed = {name for _, names in terms if len(names) > 1 for name in names}
    alone = dict.fromkeys(name for _, names in terms if len(names) == 1 for name in names)
    return tuple(name for name in alone if name not in crossed and name not in ROLE_COLUMNS)


def without_term(model: Model, study: Study, name: str) -> Model:
    """Return the model without one of its `removable_terms`.

    Parameters
    ----------
    model : Model
    study : Study
    name : str
    """
    if model.formula is None:
        rest = tuple(n for n in model.covariates if n != name)
        return model.model_copy(update={"covariates": rest})
    terms = [text for text, names in _formula_terms(model, study) if names == {name}]
    text = " - ".join([model.formula, *terms])
    return model.model_copy(update={"formula": text})


def with_term(model: Model, name: str) -> Model:
    """Return the model with one more covariate.

    Parameters
    ----------
    model : Model
    name : str
        Not yet part of it.
    """
    if model.formula is None:
        return model.model_copy(update={"covariates": (*model.covariates, name)})
    return model.model_copy(update={"formula": f"{model.formula} + `{name}`"})


def _formula_terms(model: Model, study: Study) -> list[tuple[str, set[str]]]:
    """Each term of a formula as it would be written, and the variables in it."""
    if model.formula is None:
        return []
    from formulaic import Formula  # takes seconds to import

    known = [*ROLE_COLUMNS, *study.factors, *study.covariates]
    terms = []
    for term in Formula(model.formula):
        names: set[str] = set()
        for factor in term.factors:
            names |= _variables(factor, known)
        terms.append((":".join(_written(factor) for factor in term.factors), names))
    return terms


def _variables(factor: Any, known: list[str]) -> set[str]:
    kind = factor.eval_method.value
    if kind == "python":
        return variables_of_code(factor.expr, known, "model")
    return {factor.expr} if kind == "lookup" else set()


def _written(factor: Any) -> str:
    return f"`{factor.expr}`" if factor.eval_method.value == "lookup" else str(factor.expr)
