"""Rules of the contrasts of an analysis: their names, and the keys that stand for families."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import CONTRAST_FAMILIES, Study
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean


def validate_contrasts(
    study: Study, contrasts: Mapping[str, str], model: Model, here: KeyPath = ()
) -> Iterator[Fault]:
    """Check the names, and the reserved keys that stand for whole families.

    All that can be known without the samples is here, and here alone.

    Parameters
    ----------
    study : Study
    contrasts : mapping of str to str
        Name to expression, or a reserved key to `all`.
    model : Model
    here : KeyPath
        Where the contrasts stand.
    """
    for name, expression in contrasts.items():
        path = (*here, name)
        if not name.strip():
            yield Fault(path, "a contrast without a name", of_key=True, expected="a name")
        elif name in CONTRAST_FAMILIES:
            yield from _check_family(study, model, path, name, expression)
        elif expression == "all":
            yield Fault(
                path,
                f"`{name}` is not a family of contrasts",
                of_key=True,
                expected="one of " + ", ".join(CONTRAST_FAMILIES) + ", or an expression",
                found=f"{name}: all",
                hint=did_you_mean(name, CONTRAST_FAMILIES)
                or "write an expression such as `MS.3rd - MS.1st`",
            )


#: What a family is of.
_LACKING = {
    "time_within_group": "several timepoints",
    "group_within_time": "several groups",
    "interaction": "several groups and timepoints",
}


def _has_family(study: Study, means: Sequence[str], name: str) -> bool:
    """Whether the means of a model have a place for every contrast of a family."""
    if sorted(means) == ["group", "timepoint"]:
        return True
    if name == "time_within_group":
        return tuple(means) == ("timepoint",) and len(study.groups) == 1
    return name == "group_within_time" and tuple(means) == ("group",) and len(study.timepoints) == 1


def _means_for(study: Study, name: str) -> list[str]:
    """Return the means of a family: the roles that the study tells apart."""
    told = {"group": study.has_groups, "timepoint": study.has_timepoints}
    needed = {"time_within_group": "timepoint", "group_within_time": "group"}
    if not all(told[role] for role in told if needed.get(name, role) == role):
        return []
    return [role for role in told if told[role]]


def _check_family(
    study: Study, model: Model, path: KeyPath, name: str, expression: str
) -> Iterator[Fault]:
    """Check one reserved key of `contrasts`."""
    if expression != "all":
        yield Fault(
            path,
            f"`{name}` stands for a whole family of contrasts",
            expected="all",
            found=expression,
            hint=f"write `{name}: all`, or give the contrast another name",
        )
    means, curve = model.means, model.curve
    if curve is None and not _has_family(study, means, name):
        wanted = _means_for(study, name)
        yield Fault(
            path,
            f"`{name}: all` needs "
            + (f"one mean per {' and '.join(wanted)}, or a curve" if wanted else _LACKING[name]),
            of_key=True,
            expected=f"`model: {{means: [{', '.join(wanted)}]}}`"
            if wanted
            else "contrasts by their names",
            found=f"means: [{', '.join(means)}]" if means else "no `means`",
            hint="write the contrasts out, or use these means"
            if wanted
            else "write the contrasts out",
        )
    elif curve is not None and curve.by is None and name != "time_within_group":
        yield Fault(
            path,
            f"`{name}: all` compares curves, and the model has one for all",
            of_key=True,
            expected="`by: group` in `curve`",
            found="by: null",
            hint="give `by`, or leave the key out",
        )
    elif name == "group_within_time" and model.within == "subject":
        people = study.nouns.subject.many
        yield Fault(
            path,
            f"`{name}: all` compares groups of {people}, and `within: subject` takes every "
            f"difference between {people} out",
            of_key=True,
            expected=f"changes within {people}: time_within_group, interaction",
            hint="use `block: subject` in place of `within`, or leave the key out",
        )
