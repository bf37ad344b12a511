"""What must hold for a number of an assay where a covariate may stand: `cells.NK`."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import Study
from cohortmart.core.study.variables import MeasuredName
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import joined, nearest


def meant_assay(study: Study, name: str) -> str | None:
    """Return "did you mean ...?" for a name such as `cels.NK`, None where no assay is like it."""
    assay, dot, feature = name.partition(".")
    found = nearest(assay, [a for a, made in study.assays.items() if made.kind == CONTINUOUS])
    return f"did you mean `{found}.{feature}`?" if dot and found else None


def validate_measured(study: Study, path: KeyPath, name: MeasuredName) -> Iterator[Fault]:
    """Yield a fault where a number of an assay is none of a continuous assay.

    Parameters
    ----------
    study : Study
    path : KeyPath
        Where the name stands.
    name : MeasuredName
    """
    kind = study.assays[name.assay].kind
    if kind != CONTINUOUS:
        others = [a for a, assay in study.assays.items() if assay.kind == CONTINUOUS]
        yield Fault(
            path,
            f"`{name.written}` is no covariate: `{name.assay}` has `kind: {kind}`",
            expected="ASSAY.FEATURE of a continuous or a derived assay",
            found=name.written,
            hint=f"take a feature of {joined(others, 'or')}" if others else "derive a number of it",
        )
