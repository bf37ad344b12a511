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
    """Return the column that says the sex: of `identity`, else one that is called so, else None."""
    if study.identity.sex is not None:
        return study.identity.sex
    declared = (*study.factors, *study.covariates)
    return next((c for name in _NAMES for c in declared if c.lower() == name), None)


def sex_of(word: str | None) -> Sex | None:
    """Return what a word of that column means, None where it says nothing: 1 and 2 do not."""
    said = (word or "").strip().lower()
    return "female" if said in _FEMALE else "male" if said in _MALE else None
