"""What must hold for `identity`: the column of the sex is one that study.yml declares."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.records import Study
from cohortmart.core.study.sex import sex_columns
from cohortmart.core.text import did_you_mean


def validate_identity(study: Study) -> Iterator[Fault]:
    """Report a column of the sex that is neither a factor, a covariate nor the group."""
    named = study.identity.sex
    known = tuple(sex_columns(study))
    if named is not None and named not in known:
        yield Fault(
            ("identity", "sex"),
            f"`identity.sex` names `{named}`, which is no column that `samples` declares",
            expected=f"one of {', '.join(known)}" if known else "a column under `factors`",
            found=named,
            hint=did_you_mean(named, known) or f"add `{named}` to `factors` of `samples`",
        )
