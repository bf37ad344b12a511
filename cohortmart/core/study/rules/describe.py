"""What must hold for `describe`: its keys are columns that study.yml declares."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.descriptions import declared_columns
from cohortmart.core.study.faults import Fault
from cohortmart.core.study.records import Study
from cohortmart.core.text import did_you_mean


def validate_descriptions(study: Study) -> Iterator[Fault]:
    """Report each key of `describe` that no sheet declares."""
    known = declared_columns(study)
    for name in study.describe:
        if name not in known:
            yield Fault(
                ("describe", name),
                f"`describe` names `{name}`, which is no column that `samples` declares",
                of_key=True,
                expected=f"one of {', '.join(known)}",
                found=name,
                hint=did_you_mean(name, known)
                or "name the column under `factors` or `covariates` first",
            )
