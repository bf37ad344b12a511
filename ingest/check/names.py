"""Names of a study's own columns that would clash with those every study has."""

from __future__ import annotations

from cohortmart.errors import StudyError
from cohortmart.study import ROLES, Study
from cohortmart.tables import SAMPLE_COLUMNS

#: Columns that stand beside the study's own in SQL, and the words that mean roles in a model.
RESERVED = frozenset({*SAMPLE_COLUMNS.names, *ROLES, "n_visits", "n_samples", "assay"})


def check_column_names(study: Study) -> None:
    """Check that every factor and covariate can be a column of its own in SQL.

    Raises
    ------
    StudyError
        One is named like a fixed column, or two differ only in case: SQL takes them for one.
    """
    seen: dict[str, str] = {}
    for name in (*study.factors, *study.covariates):
        lower = name.lower()
        if lower in RESERVED:
            raise StudyError(
                f"no factor or covariate can be named `{name}`: every study has a column or role "
                "of that name",
                expected=f"none of {', '.join(sorted(RESERVED))}",
                found=name,
                hint="rename the column in the sample sheet and in study.yml",
            )
        if lower in seen and seen[lower] == name:
            raise StudyError(
                f"`{name}` is named as a factor and as a covariate",
                expected="categories under `factors`, numbers under `covariates`",
                found=f"`{name}` under both",
                hint="take it out of one of the two",
            )
        if lower in seen:
            raise StudyError(
                f"`{seen[lower]}` and `{name}` differ only in upper and lower case, which SQL "
                "does not tell apart",
                found=f"{seen[lower]}, {name}",
                hint="rename one of them in the sample sheet and in study.yml",
            )
        seen[lower] = name
