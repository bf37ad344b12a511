"""Sex of people: the column of the sheets that says it, and what its words mean."""

from __future__ import annotations

from typing import Literal

from cohortmart.core.study.records import Study

Sex = Literal["female", "male"]

#: What the column is called where study.yml does not name it.
_NAMES = ("sex", "gender")
_FEMALE = frozenset({"f", "female", "woman", "girl", "xx", "w", "weiblich", "kvinna"})
_MALE = frozenset({"m", "male", "man", "boy", "xy", "männlich"})


def sex_column(study: Study) -> str | None:
    """Return the column of `dim_sample` that says the sex; None where no column does.

    The one that `identity` names, else a factor, a covariate or the group that is called so.
    """
    declared, named = sex_columns(study), study.identity.sex
    if named is None:
        named = next((c for name in _NAMES for c in declared if c.lower() == name), None)
    return named if named is None else declared.get(named, named)


def sex_columns(study: Study) -> dict[str, str]:
    """Return the columns of the sheets that may say the sex, and what `dim_sample` calls them."""
    groups = {sheet.group: "study_group" for sheet in study.samples if sheet.group}
    return groups | {name: name for name in (*study.factors, *study.covariates)}


def sex_of(word: str | None) -> Sex | None:
    """Return what a word of that column means, None where it says nothing: 1 and 2 do not."""
    said = (word or "").strip().lower()
    return "female" if said in _FEMALE else "male" if said in _MALE else None
