"""What must hold for the normalisation steps of an assay; each fault with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmart.core.lake.layers import METHODS
from cohortmart.core.study.faults import Fault
from cohortmart.core.study.records import ROLES, Assay, Combat, CombatSeq, Study
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean

#: Steps that each kind of assay may have, and how one is written.
STEPS = {"beta": ("bmiq", "combat"), "counts": ("combat_seq",)}
_WRITTEN = {
    "beta": "`bmiq`, or `combat: {batch: ..., keep: [...]}`",
    "counts": "`combat_seq: {batch: ..., keep: [...]}`",
}


def check_normalisation(study: Study, name: str, assay: Assay) -> Iterator[Fault]:
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
        named = [key for key in METHODS if getattr(step, key) is not None]
        if len(named) != 1:
            yield Fault(
                (*here, i),
                "a step of `normalise` names one method",
                expected=_WRITTEN[assay.kind],
                hint="make two steps of it: [bmiq, {combat: {batch: slide}}]"
                if len(named) > 1
                else None,
            )
            continue
        if step.layer not in STEPS[assay.kind]:
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
        combat = step.combat or step.combat_seq
        if combat is not None:
            yield from _check_combat(study, combat, METHODS[step.layer], (*here, i, step.layer))
        elif not study.reference.manifest:
            yield Fault(
                (*here, i),
                "BMIQ needs to know which probes are of design type I and II",
                expected="`reference: {manifest: FILE}` with the column Infinium_Design_Type",
                hint="name the array's manifest under `reference`, or leave `bmiq` out",
            )


def _not_for_kind(here: KeyPath, name: str, assay: Assay, layer: str) -> Fault:
    """Return the fault for a step of another kind of assay."""
    of_betas = layer in STEPS["beta"]
    other = {"bmiq": "leave `bmiq` out", "combat": "write `combat_seq` for `combat`"}
    hint = other[layer] if of_betas else "write `combat` for `combat_seq`"
    return Fault(
        here,
        f"{METHODS[layer]} is for {'betas' if of_betas else 'counts'}, "
        f"not for {'counts' if of_betas else 'betas'}",
        expected=_WRITTEN[assay.kind],
        found=f"`{layer}`, and `{name}` has `kind: {assay.kind}`",
        hint=f"{hint}, or correct the kind",
    )


def _check_combat(
    study: Study, combat: Combat | CombatSeq, method: str, here: KeyPath
) -> Iterator[Fault]:
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
