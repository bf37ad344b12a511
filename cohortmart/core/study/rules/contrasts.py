"""Rules of the contrasts of an analysis: their names, and the keys that stand for families."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    if curve is None and sorted(means) != ["group", "timepoint"]:
        yield Fault(
            path,
            f"`{name}: all` needs one mean per group and timepoint, or a curve",
            of_key=True,
            expected="`model: {means: [group, timepoint]}`",
            found=f"means: [{', '.join(means)}]" if means else "no `means`",
            hint="write the contrasts out, or use these means",
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
