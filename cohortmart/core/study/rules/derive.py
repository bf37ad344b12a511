"""What must hold for derived assays in study.yml; each fault with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.derive_records import DERIVE_METHODS, METHOD_KEYS, Derive
from cohortmart.core.study.faults import Fault, missing_key
from cohortmart.core.study.records import Study
from cohortmart.core.study.yaml_positions import Document, KeyPath
from cohortmart.core.text import did_you_mean, joined


def validate_derived(study: Study, document: Document) -> Iterator[Fault]:
    """Report derived assays whose name is taken, that are made from nothing, or from themselves.

    Parameters
    ----------
    study : Study
        With its derived assays among the assays.
    document : Document
        For which keys were written.
    """
    for name, derive in study.derive.items():
        here: KeyPath = ("derive", name)
        taken = next((a for a in study.measured_assays if a.lower() == name.lower()), None)
        if taken is not None:
            yield Fault(
                here,
                f"there is an assay `{taken}` already",
                of_key=True,
                expected="a name that `assays` does not use",
                found=name,
                hint="rename the derived assay",
            )
        yield from _check_source(study, name, derive, here)
        yield from _check_keys(derive, here, document)
    yield from _check_circles(study)


def _check_source(study: Study, name: str, derive: Derive, here: KeyPath) -> Iterator[Fault]:
    """Check that the assay it is made from is there, and of a kind that the method takes."""
    others = [assay for assay in study.assays if assay != name]
    source = study.assays.get(derive.source)
    if source is None:
        yield Fault(
            (*here, "from"),
            f"there is no assay `{derive.source}` to derive `{name}` from",
            expected="one of " + ", ".join(others),
            found=derive.source,
            hint=did_you_mean(derive.source, others) or "use a name that `assays` defines",
        )
    elif source.kind not in derive.how.kinds:
        fitting = [a for a in others if study.assays[a].kind in derive.how.kinds]
        yield Fault(
            (*here, "from"),
            f"`method: {derive.method}` is not for assays of kind {source.kind}",
            expected="an assay of kind " + joined(derive.how.kinds, "or"),
            found=f"`{derive.source}` has `kind: {source.kind}`",
            hint=f"take {joined(fitting, 'or')}" if fitting else "take another method",
        )


def _check_keys(derive: Derive, here: KeyPath, document: Document) -> Iterator[Fault]:
    """Check that the keys are those of the method."""
    how = derive.how
    own = (how.file, *how.options)
    if getattr(derive, how.file) is None:
        yield missing_key((*here, how.file), document)
    for key in METHOD_KEYS:
        if key in derive.model_fields_set and key not in own:
            of = next(n for n, m in DERIVE_METHODS.items() if key in (m.file, *m.options))
            yield Fault(
                (*here, key),
                f"`{key}` belongs to `method: {of}`",
                of_key=True,
                expected=f"for `method: {derive.method}`: {', '.join(own)}",
                found=key,
                hint=f"leave `{key}` out, or correct the method",
            )
    if derive.solver == "robust" and "sum" in derive.model_fields_set:
        yield Fault(
            (*here, "sum"),
            "`sum` is for `solver: constrained`; robust fractions always add up to 1",
            of_key=True,
            expected="`sum` with `solver: constrained` only",
            found="`solver: robust`",
            hint="leave `sum` out, or use the other solver",
        )


def _check_circles(study: Study) -> Iterator[Fault]:
    """Report derived assays that are made from each other."""
    ordered = study.derived_assays
    for name, derive in study.derive.items():
        if name in ordered or derive.source not in study.assays:
            continue
        chain = [name]
        while (before := study.derive[chain[-1]].source) not in chain:
            if before not in study.derive:
                break
            chain.append(before)
        else:
            if before != name:  # it only hangs on a circle of others
                continue
            said = " from ".join(f"`{n}`" for n in (*chain, name))
            yield Fault(
                ("derive", name, "from"),
                f"the derived assay `{name}` is made from itself: {said}",
                expected="an assay that does not depend on it",
                found=derive.source,
                hint="begin with an assay that has files",
            )
