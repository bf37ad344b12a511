"""What must hold for the variables among which the variance of an analysis is parted."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.records import ROLE_COLUMNS, Analysis, Study
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean, listed


def validate_variance(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Yield what is wrong with `variance_partition` of an analysis.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    here : KeyPath
        Where the analysis stands.
    """
    options = analysis.variance_partition
    if options is None:
        return
    known, names = [*ROLE_COLUMNS, *study.factors, *study.covariates], options.variables or ()
    people = analysis.model.block or analysis.model.within
    for i, name in enumerate(names):
        at: KeyPath = (*here, "variance_partition", "variables", i)
        if name in names[:i]:
            yield Fault(
                at,
                f"`{name}` stands twice in `variables`",
                expected="each variable once",
                found=name,
                hint="delete one of the two",
            )
        elif name not in known:
            yield Fault(
                at,
                f"`{name}` is neither a role nor a declared column",
                expected=f"one of {listed(known)}",
                found=name,
                hint=did_you_mean(name, known) or "declare it in samples.factors or .covariates",
            )
        elif name == people:
            yield Fault(
                at,
                f"`{name}` has a part of the variance without being named: it is the people of "
                "the model",
                expected="variables beside them",
                found=name,
                hint="take it out",
            )
