"""What must hold for the normalisation steps of an assay; each fault with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.normalise_records import METHODS, BatchOptions
from cohortmart.core.study.records import ROLES, Assay, Study
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean


def validate_normalisation(study: Study, name: str, assay: Assay) -> Iterator[Fault]:
    """Report steps that do not fit the assay, stand twice, or name what the study does not have.

    Parameters
    ----------
    study : Study
        For its factors, covariates and manifests.
    name : str
        Of the assay.
    assay : Assay
    """
    here: KeyPath = ("assays", name, "normalise")
    seen: set[str] = set()
    for i, step in enumerate(assay.normalise):
        if len(step.methods) != 1:
            yield Fault(
                (*here, i),
                "a step of `normalise` names one method",
                expected=_written(assay.kind) or "no steps: `transform` is what measurements have",
                hint="make two steps of it: [bmiq, {combat: {batch: slide}}]"
                if len(step.methods) > 1
                else None,
            )
            continue
        method = METHODS[step.layer]
        if method.kind != assay.kind:
            yield _not_for_kind((*here, i), name, assay, step.layer)
            continue
        if step.layer in seen:
            yield Fault(
                (*here, i),
                f"the step `{step.layer}` stands twice in `normalise`",
                expected="each step once",
                hint="delete one of the two",
            )
        seen.add(step.layer)
        if isinstance(step.options, BatchOptions):
            yield from _check_batch(study, step.options, method.title, (*here, i, step.layer))
        if method.needs_manifest and not study.reference.manifest:
            yield Fault(
                (*here, i),
                method.needs_manifest,
                expected="`reference: {manifest: FILE}` with the column Infinium_Design_Type",
                hint=f"name the array's manifest under `reference`, or leave `{step.layer}` out",
            )


def _written(kind: str) -> str:
    """Say how the steps of a kind of assay are written."""
    return ", or ".join(method.written for method in METHODS.values() if method.kind == kind)


def _not_for_kind(here: KeyPath, name: str, assay: Assay, layer: str) -> Fault:
    """Return the fault for a step of another kind of assay."""
    method, kinds = (
        METHODS[layer],
        {"beta": "betas", "counts": "counts", "continuous": "measurements"},
    )
    hint = f"write `{method.instead}` for `{layer}`" if method.instead else f"leave `{layer}` out"
    return Fault(
        here,
        f"{method.title} is for {kinds[method.kind]}, not for {kinds[assay.kind]}",
        expected=_written(assay.kind) or "no steps: `transform` is what measurements have",
        found=f"`{layer}`, and `{name}` has `kind: {assay.kind}`",
        hint=f"{hint}, or correct the kind",
    )


def _check_batch(study: Study, combat: BatchOptions, method: str, here: KeyPath) -> Iterator[Fault]:
    if combat.batch not in study.factors:
        yield Fault(
            (*here, "batch"),
            f"{method}'s batch `{combat.batch}` is no factor of the sample sheet",
            expected="one of " + ", ".join(study.factors) if study.factors else "a factor",
            found=combat.batch,
            hint=did_you_mean(combat.batch, study.factors)
            or "name the column under `samples.factors`",
        )
    known = [role for role in ROLES if role != "subject" and _has(study, role)]
    known += [*study.factors, *study.covariates]
    for i, name in enumerate(combat.keep):
        if name in combat.keep[:i]:
            yield Fault(
                (*here, "keep", i),
                f"`{name}` stands twice in `keep`",
                expected="each name once",
                found=name,
                hint="delete one of the two",
            )
        elif name == combat.batch:
            yield Fault(
                (*here, "keep", i),
                f"{method} cannot both remove and keep `{name}`",
                expected="what is not the batch",
                found=name,
                hint="take it out of `keep`",
            )
        elif name not in known:
            yield Fault(
                (*here, "keep", i),
                f"`keep` names `{name}`, which the study does not have",
                expected="one of " + ", ".join(known),
                found=name,
                hint=did_you_mean(name, known) or "name the column under `samples`",
            )


def _has(study: Study, role: str) -> bool:
    """Say whether a sheet names this role."""
    return any(getattr(sheet, role) is not None for sheet in study.samples)
