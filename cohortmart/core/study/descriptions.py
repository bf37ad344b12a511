"""What the columns of the sample sheets are, in the words of study.yml's `describe`.

A column that study.yml does not describe is said to be a column of its file, so that whoever
reads `dim_sample` finds where it comes from.
"""

from __future__ import annotations

from cohortmart.core.study.records import SampleSheet, Study
from cohortmart.core.study.variables import StudyVariable
from cohortmart.core.text import joined


def declared_columns(study: Study) -> tuple[str, ...]:
    """Return the columns of the sheets that can be described, each once, in order.

    They are those of the group, the timepoint, the cell type and the subject, the visit keys,
    the factors and the covariates.
    """
    roles = ("subject", "group", "timepoint", "cell_type")
    named = [getattr(sheet, role) for sheet in study.samples for role in roles]
    return tuple(dict.fromkeys([*filter(None, named), *study.factors, *study.covariates]))


def description(variable: StudyVariable, study: Study) -> str | None:
    """Say what a variable of the study is.

    Parameters
    ----------
    variable : StudyVariable
        From `study_variables`.
    study : Study

    Returns
    -------
    str or None
        One line: the words of `describe`, else the header of the column and the file that it is
        from. None where no column of a sheet stands behind the variable: the one group or the
        one timepoint of a study that names none.
    """
    if variable.role == "visit_key":
        return f"Columns {joined([f'`{name}`' for name in study.visit_key])}, joined by |."
    columns = [(sheet, _column(variable, sheet)) for sheet in study.samples]
    known = [(sheet, name) for sheet, name in columns if name is not None]
    said = [study.describe[name] for _, name in known if name in study.describe]
    if said:
        return " ".join(said[0].split())
    if not known:
        return None
    places = [f"`{name}` of {sheet.file.name}" for sheet, name in known]
    return f"Column {joined(list(dict.fromkeys(places)))}."


def _column(variable: StudyVariable, sheet: SampleSheet) -> str | None:
    """Return the column of a sheet that holds the variable; None where it has none."""
    if variable.role in ("group", "timepoint", "cell_type", "subject"):
        name: str | None = getattr(sheet, variable.role)
        return name
    own = (*sheet.visit_key, *sheet.factors, *sheet.covariates)
    return variable.name if variable.name in own else None
