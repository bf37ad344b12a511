"""The variables of a study: what each column of its sample sheets is, a factor or a number.

Whoever has the study asks here; who has the warehouse alone reads the table `study_variable`,
which `ingest` writes from the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cohortmart.core.study.records import ROLE_COLUMNS, Study

#: The roles in the order in which variables are shown.
_SHOWN = ("group", "timepoint", "cell_type", "subject")

VariableKind = Literal["factor", "number"]


@dataclass(frozen=True)
class StudyVariable:
    """One column of `dim_sample` by which samples can be compared.

    Parameters
    ----------
    name : str
        The column.
    role : str
        group, timepoint, cell_type, subject; visit_key for the visit keys joined; else factor or
        covariate, as study.yml declares it.
    kind : {'factor', 'number'}
    in_visit_key : bool
        Whether the column tells samples of one visit apart.
    """

    name: str
    role: str
    kind: VariableKind
    in_visit_key: bool = False


@dataclass(frozen=True)
class MeasuredName:
    """A number of an assay, as a model names it: `cells.NK`.

    Parameters
    ----------
    written : str
    assay, feature : str
    """

    written: str
    assay: str
    feature: str


def measured_name(name: str, study: Study) -> MeasuredName | None:
    """Return the assay and the feature that a name stands for, None where it names no assay.

    A column of the sample sheet comes first; whether the assay is continuous is not looked at.
    """
    if name in (*study.factors, *study.covariates):
        return None
    found = [
        assay for assay in study.assays if name.startswith(f"{assay}.") and name != f"{assay}."
    ]
    if not found:
        return None
    assay = max(found, key=len)
    return MeasuredName(name, assay, name[len(assay) + 1 :])


def study_variables(study: Study) -> tuple[StudyVariable, ...]:
    """Return the variables of a study in the order in which they are shown.

    A single visit key stands under its own name only, as it is one of the factors.
    """
    found = [StudyVariable(ROLE_COLUMNS[role], role, "factor") for role in _SHOWN]
    if len(study.visit_key) > 1:
        found.append(StudyVariable("visit_key", "visit_key", "factor", in_visit_key=True))
    keys = study.visit_key
    found += [StudyVariable(n, "factor", "factor", n in keys) for n in study.factors]
    found += [StudyVariable(n, "covariate", "number") for n in study.covariates]
    return tuple(found)


def variable_kinds(study: Study) -> dict[str, VariableKind]:
    """Return the kind of each variable by its column of `dim_sample`, in the same order."""
    return {variable.name: variable.kind for variable in study_variables(study)}
