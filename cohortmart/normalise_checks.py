"""What must hold for the normalisation steps of an assay; each fault with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.nearest import did_you_mean
from cohortmart.study import ROLES, Assay, Combat, Study
from cohortmart.study_faults import Fault
from cohortmart.yaml_positions import KeyPath


def check_normalisation(study: Study, name: str, assay: Assay) -> Iterator[Fault]:
    """Report steps that stand twice, that name nothing the study has, or that lack a manifest.

    Parameters
    ----------
    study : Study
        For its factors, covariates and manifests.
    name : str
        Of the assay.
    assay : Assay
        Of kind beta.
    """
    here: KeyPath = ("assays", name, "normalise")
    seen: set[str] = set()
    for i, step in enumerate(assay.normalise):
        if (step.bmiq is None) == (step.combat is None):
            yield Fault(
                (*here, i),
                "a step of `normalise` names one method",
                expected="`bmiq`, or `combat: {batch: ..., keep: [...]}`",
                hint="make two steps of it: [bmiq, {combat: {batch: slide}}]",
            )
            continue
        if step.layer in seen:
            yield Fault(
                (*here, i),
                f"the step `{step.layer}` stands twice in `normalise`",
                expected="each step once",
                hint="delete one of the two",
            )
        seen.add(step.layer)
        if step.combat is not None:
            yield from _check_combat(study, step.combat, (*here, i, "combat"))
        elif not study.reference.manifest:
            yield Fault(
                (*here, i),
                "BMIQ needs to know which probes are of design type I and II",
                expected="`reference: {manifest: FILE}` with the column Infinium_Design_Type",
                hint="name the array's manifest under `reference`, or leave `bmiq` out",
            )


def _check_combat(study: Study, combat: Combat, here: KeyPath) -> Iterator[Fault]:
    if combat.batch not in study.factors:
        yield Fault(
            (*here, "batch"),
            f"ComBat's batch `{combat.batch}` is no factor of the sample sheet",
            expected="one of " + ", ".join(study.factors) if study.factors else "a factor",
            found=combat.batch,
            hint=did_you_mean(combat.batch, study.factors)
            or "name the column under `samples.factors`",
        )
    known = [role for role in ROLES if role != "subject" and _has(study, role)]
    known += [*study.factors, *study.covariates]
    for i, name in enumerate(combat.keep):
        if name == combat.batch:
            yield Fault(
                (*here, "keep", i),
                f"ComBat cannot both remove and keep `{name}`",
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
