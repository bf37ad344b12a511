"""Sentences on ComBat: the spread over batches, what is removed, what is safer."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cohortmart.app.check.combat import CombatCheck
from cohortmart.app.check.confounding_words import described
from cohortmart.app.check.names import NAMES_SHOWN, quoted, yaml_item
from cohortmart.app.check.paragraphs import block, wrapped
from cohortmart.app.sql.text_table import aligned
from cohortmart.core.study.normalise_records import Combat
from cohortmart.core.study.records import ROLE_COLUMNS, Study
from cohortmart.core.text import joined, listed

#: More batches than this are counted instead of shown each in a column.
BATCHES_SHOWN = 8
#: A category of more levels than this takes one row.
LEVELS_SHOWN = 12
SOURCE = "Nygaard, Rødland & Hovig 2016, Biostatistics 17:29"


def combat_text(check: CombatCheck, study: Study) -> str:
    """Return the section on the step of an assay that removes batches.

    Parameters
    ----------
    check : CombatCheck
    study : Study
        Order of groups and timepoints.
    """
    keep = f"keeps {joined([quoted(k) for k in check.combat.keep])}"
    said = f"{check.method} removes {quoted(check.combat.batch)} and "
    said += keep if check.combat.keep else "keeps nothing"
    lines = [wrapped(said), _spread(check, study)]
    lines += [block("CANNOT BE COMPUTED", refusal) for refusal in check.refusals]
    lines += [block("WARNING", warning) for warning in combat_warnings(check)]
    lines += [block("note", note) for note in combat_notes(check)]
    return "\n".join(lines) + "\n"


def combat_warnings(check: CombatCheck) -> list[str]:
    """Return what the step takes from the differences that are looked for.

    Parameters
    ----------
    check : CombatCheck
    """
    batch = quoted(check.combat.batch)
    found = []
    if check.comparing:
        compare = "compares" if len(check.comparing) == 1 else "compare"
        found.append(
            f"{listed(check.comparing, most=NAMES_SHOWN)} {compare} {batch}, which "
            f"{check.method} removes: what is found "
            f"there means nothing. To do: leave `{check.step}` out."
        )
    found += _unkept(check)
    for parts in check.confounding:
        parted = "cannot part them either"
        if not parts[0].complete:
            parted = "parts them only as far as the other samples tell"
        found.append(f"{described(parts, check.nouns.subject)} {check.method} {parted}.")
    n_batches = check.samples[check.combat.batch].drop_nulls().n_unique()
    for term, (n, n_samples) in check.one_sided.items():
        if term not in check.unkeepable:  # of which that is said already
            found.append(
                f"{n} of the {n_batches} batches, with {n_samples} of the {check.samples.height} "
                f"samples, hold one {quoted(term)} only: there nothing tells {batch} and "
                f"{quoted(term)} apart."
            )
    if check.confounded and _advise(check):
        found.append(f"{_safer(check)} {_why(check)}")
    return found


def combat_notes(check: CombatCheck) -> list[str]:
    """Return what is good to know of the step.

    Parameters
    ----------
    check : CombatCheck
    """
    batch, found = quoted(check.combat.batch), []
    if isinstance(check.combat, Combat) and check.combat.mean_only:
        sizes = check.samples[check.combat.batch].drop_nulls().value_counts()
        alone = sorted(sizes.filter(pl.col("count") == 1)[check.combat.batch].to_list())
        if alone:
            found.append(
                f"{batch} {listed(alone, most=NAMES_SHOWN)}: one sample each, so ComBat takes "
                f"most of what is peculiar to that {check.nouns.subject.one} for an effect of the "
                "batch."
            )
    if check.adjusting:
        model = "model" if len(check.adjusting) == 1 else "models"
        found.append(
            f"{batch} is removed twice: by {check.method}, and by the {model} of "
            f"{listed(check.adjusting, most=NAMES_SHOWN)}. The model alone is enough. "
            f"To do: leave `{check.step}` out."
        )
    if not check.confounded and _advise(check):
        found.append(f"{_safer(check)} {_why(check)}")
    return found


def _advise(check: CombatCheck) -> bool:
    """Whether there are batches, and a model that could have them and does not."""
    several = check.samples[check.combat.batch].drop_nulls().n_unique() > 1
    return several and bool(check.others or not check.adjusting)


def _safer(check: CombatCheck) -> str:
    return (
        f"the batch in the model is the safer choice: leave `{check.step}` out, and add "
        f"`covariates: [{yaml_item(check.combat.batch)}]` to the models (`+ "
        f"{quoted(check.combat.batch)}` to a formula)."
    )


def _why(check: CombatCheck) -> str:
    batch = quoted(check.combat.batch)
    return (
        f"After {check.method} a test believes that {batch} was never there and pays no degrees "
        "of freedom for it: where groups are spread unevenly, P values come out too small "
        f"({SOURCE})."
    )


def _unkept(check: CombatCheck) -> list[str]:
    """Say what is compared and not kept."""
    batch, found = quoted(check.combat.batch), []
    open_terms = [t for t in check.unkept if t not in check.unkeepable]
    if open_terms:
        keep = ", ".join(yaml_item(n) for n in (*check.combat.keep, *open_terms))
        found.append(
            f"`keep` lacks {_why_needed(check, open_terms)}. {check.method} removes part of these "
            f"differences wherever {batch} holds unequal shares of them. "
            f"To do: `keep: [{keep}]`."
        )
    lost = [t for t in check.unkeepable if check.unkept[t]]
    if lost:
        found.append(
            f"`keep` lacks {_why_needed(check, lost)}, and cannot name it: it goes "
            f"with {batch}. {check.method} REMOVES this difference, or part of it, and no method "
            f"can tell the two apart. To do: leave `{check.step}` out, and read this difference "
            f"as one that may come from {batch}."
        )
    for term in check.unkeepable:
        if not check.unkept[term]:
            found.append(
                f"{quoted(term)} goes with {batch}, so that `keep` cannot name it: {check.method} "
                f"removes the difference between {_kinds(check, term)}, or part of it. No analysis "
                f"compares them; after {check.method} none may."
            )
    return found


def _why_needed(check: CombatCheck, terms: Sequence[str]) -> str:
    compared = [quoted(t) for t in terms if check.unkept[t]]
    analyses = list(dict.fromkeys(n for t in terms for n in check.unkept[t]))
    said = []
    if compared:
        verb = "compares" if len(analyses) == 1 else "compare"
        said.append(f"{joined(compared)}, which {listed(analyses, most=NAMES_SHOWN)} {verb}")
    for term in terms:
        if not check.unkept[term]:
            said.append(f"{quoted(term)}, of which the samples have {_kinds(check, term)}")
    return "; and ".join(said)


def _kinds(check: CombatCheck, term: str) -> str:
    levels = check.samples[ROLE_COLUMNS.get(term, term)].drop_nulls().unique().sort()
    return joined(levels.to_list())


def _spread(check: CombatCheck, study: Study) -> str:
    """Return the table of samples by batch."""
    batch = check.combat.batch
    frame = check.samples.drop_nulls(batch)
    batches = frame[batch].unique().sort().to_list()
    rows: list[tuple[str, pl.DataFrame]] = [("all", frame)]
    numbers: list[tuple[str, str]] = []
    for term in check.terms:
        column = ROLE_COLUMNS.get(term, term)
        if term in study.covariates:
            numbers.append((term, column))
            continue
        levels = _levels(frame, column, study)
        if len(levels) > LEVELS_SHOWN:
            rows.append((f"{quoted(term)}: {len(levels)} kinds", frame.drop_nulls(column)))
        else:
            rows += [(f"{quoted(term)} {v}", frame.filter(pl.col(column) == v)) for v in levels]
    table = [[label, *_counts(part, batch, batches)] for label, part in rows]
    table += [[f"{quoted(t)}, mean", *_means(frame, c, batch, batches)] for t, c in numbers]
    heads = batches
    if len(batches) > BATCHES_SHOWN:
        heads = [f"in batches (of {len(batches)})", "most in one"]
    names = [f"samples of each {quoted(batch)}", "in all", *heads]
    text = aligned(names, [list(column) for column in zip(*table, strict=True)])
    return "".join(f"  {line}\n" for line in text.splitlines()).rstrip("\n")


def _levels(frame: pl.DataFrame, column: str, study: Study) -> list[str]:
    order = {"study_group": study.groups, "timepoint": study.timepoints}.get(column, ())
    place = {level: i for i, level in enumerate(order)}
    values = frame[column].drop_nulls().unique().to_list()
    return sorted(values, key=lambda v: (place.get(v, len(place)), v))


def _counts(part: pl.DataFrame, batch: str, batches: Sequence[str]) -> list[str]:
    sizes = dict(part.group_by(batch).len().iter_rows())
    if len(batches) > BATCHES_SHOWN:
        return [str(part.height), str(len(sizes)), str(max(sizes.values(), default=0))]
    return [str(part.height), *(str(sizes.get(b, "-")) for b in batches)]


def _means(frame: pl.DataFrame, column: str, batch: str, batches: Sequence[str]) -> list[str]:
    found = dict(frame.group_by(batch).agg(pl.col(column).mean()).iter_rows())
    known = [v for v in found.values() if v is not None]
    overall = frame[column].mean()
    whole = "-" if not isinstance(overall, float) else f"{overall:.3g}"
    if len(batches) > BATCHES_SHOWN:
        return [whole, f"{min(known):.3g} to {max(known):.3g}" if known else "-", ""]
    shown = (found.get(b) for b in batches)
    return [whole, *("-" if v is None else f"{v:.3g}" for v in shown)]
