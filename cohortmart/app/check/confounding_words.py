"""Confounding in plain words: which factor it is, what it means, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.app.check.analysis import AnalysisCheck
from cohortmart.app.check.confounding import Confounding
from cohortmart.app.check.names import NAMES_SHOWN, quoted, yaml_item
from cohortmart.app.check.outside import OutsideFactor
from cohortmart.core.study.normalise_records import METHODS, BatchOptions, step_of
from cohortmart.core.study.records import Analysis
from cohortmart.core.text import Noun, counted, joined, listed

#: A contrast that takes in less than this of a factor's effect is not named.
LEAST_SHARE = 0.05
#: Shares below this are rounding.
NO_SHARE = 1e-9


def confounding_notes(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    """Return what is said of factors that the contrasts are free of.

    Parameters
    ----------
    analysis : Analysis
    check : AnalysisCheck
    """
    return _said(analysis, check, harmless=True)


def confounding_warnings(analysis: Analysis, check: AnalysisCheck) -> list[str]:
    """Return what is said of factors that the contrasts, as far as is known, take in.

    Parameters
    ----------
    analysis : Analysis
    check : AnalysisCheck
    """
    return _said(analysis, check, harmless=False)


def described(parts: Sequence[Confounding], subject: Noun) -> str:
    """Say which combinations are all of one level.

    Parameters
    ----------
    parts : sequence of Confounding
        Of one factor.
    subject : Noun
        What the study calls a person.
    """
    first, factor = parts[0], quoted(parts[0].factor)
    said = []
    for part in parts:
        each = joined(
            [
                f"{label} ({counted(n, 'sample')} of {subject.counted(people)})"
                for label, (n, people) in part.combinations.items()
            ]
        )
        samples = sum(n for n, _ in part.combinations.values())
        every = f"all {samples} samples of " if len(part.combinations) > 1 else "all samples of "
        said.append(f"{every}{each} are of {factor} {part.level}")
    text = "; ".join(said)
    if first.complete:
        text += f". No combination has two kinds of {factor}, so the two cannot be told apart."
    elif len(parts) == 1:
        other = joined([f"{n} of {level}" for level, n in first.elsewhere.items()])
        text += f"; the samples of the other combinations are {other}."
    else:
        text += "; other combinations have several."
    return (
        f"{text} These means and {factor} are confounded: a difference between them and the "
        f"others may come from {factor}."
    )


def _said(analysis: Analysis, check: AnalysisCheck, *, harmless: bool) -> list[str]:
    factors = dict.fromkeys(e.factor for e in check.confounding)
    outside = {o.factor: o for o in check.outside}
    said = []
    for factor in factors:
        parts = [e for e in check.confounding if e.factor == factor]
        if parts[0].in_model:
            kind, text = True, _inside(parts[0], check)
        else:
            kind = factor in outside and _cancels(outside[factor])
            text = _outside(parts[0], outside.get(factor), analysis, check.removed_by)
        if kind == harmless:
            said.append(f"{described(parts, check.nouns.subject)} {text}")
    return said


def _inside(confounding: Confounding, check: AnalysisCheck) -> str:
    """Say what a factor that is in the model leaves of the contrasts."""
    factor = quoted(confounding.factor)
    if check.design is None:
        return f"{factor} is in the model."
    lost = [c.name for c in check.contrasts if confounding.has_column_in(c.aliased)]
    if lost:
        others = any(not c.fault for c in check.contrasts)
        rest = "; the contrasts that can be estimated are adjusted for it" if others else ""
        shown = listed(lost, most=NAMES_SHOWN)
        return f"{factor} is in the model, and beside it {shown} cannot be estimated{rest}."
    if confounding.complete:
        return f"{factor} is in the model; no contrast needs the two told apart."
    return f"{factor} is in the model, so the contrasts are adjusted for it."


def _cancels(outside: OutsideFactor) -> bool:
    return bool(outside.shares) and max(s for _, s in outside.shares) < NO_SHARE


def _outside(
    confounding: Confounding,
    outside: OutsideFactor | None,
    analysis: Analysis,
    removed_by: BatchOptions | None,
) -> str:
    """Say what a factor that is not in the model does to the contrasts, and what to do."""
    factor = quoted(confounding.factor)
    if outside is None or not outside.shares:
        return f"{factor} is NOT in the model."
    if _cancels(outside):
        # a combination of one level has it whatever its samples weigh; a mixture has not
        exact = "" if confounding.complete else ", as far as all samples count alike"
        return f"{factor} is not in the model; its effect cancels in every contrast{exact}."
    if removed_by is not None and confounding.factor == removed_by.batch:
        step = step_of(removed_by)
        return (
            f"{factor} is not in the model; {METHODS[step].title} removes it before the test, "
            f"which then does not count what that costs. To do: leave `{step}` out of the assay, "
            f"and {_remedy(outside, analysis)}."
        )
    ranked = sorted(outside.shares, key=lambda share: -share[1])
    touched = [f"{name} ({share:.0%})" for name, share in ranked if share >= LEAST_SHARE]
    text = f"{factor} is NOT in the model; "
    if touched:
        text += "how much of its effect is counted into the contrasts: "
        text += f"{listed(touched, most=NAMES_SHOWN)}."
    else:
        text += f"less than {LEAST_SHARE:.0%} of its effect is counted into any contrast."
    return f"{text} To do: {_remedy(outside, analysis)}."


def _remedy(outside: OutsideFactor, analysis: Analysis) -> str:
    model = analysis.model
    if model.formula is not None:
        said = f"add `+ {outside.factor}` to the formula"
        if outside.factor != quoted(outside.factor):
            said = f"add + {quoted(outside.factor)} to the formula, in backticks"
    else:
        names = ", ".join(yaml_item(n) for n in (*model.covariates, outside.factor))
        said = f"add `covariates: [{names}]` to the model"
    if outside.n_without:
        lacking = counted(outside.n_without, "sample")
        said += f", and leave out in `where` the {lacking} without a value for it"
    if outside.renames:
        said += "; the coefficients then have other names, so write the contrasts anew"
    if outside.uses_all:
        said += "; but then no residual degrees of freedom are left"
    elif outside.lost:
        shown = listed(outside.lost, most=NAMES_SHOWN)
        said += f"; but then {shown} can no longer be estimated: the data cannot tell"
    return said
