"""What must hold for the differences of an analysis that may return to a reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.findings_records import ReturnTo
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean


def validate_returns(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    """Yield what is wrong with `return_to` of an analysis.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    here : KeyPath
        Where the analysis stands.
    """
    means = _means(study, analysis)
    names = [one.name for one in analysis.return_to]
    for i, one in enumerate(analysis.return_to):
        place: KeyPath = (*here, "return_to", i)
        if one.name in names[:i]:
            yield Fault(
                (*place, "from"),
                f"two entries of `return_to` are called `{one.name}`",
                expected="each mean once for a reference, with all its visits in `to`",
                found=one.baseline,
                hint="join the two",
            )
        yield from _check_visits(one, place)
        yield from _check_names(study, one, means, place)


def _check_visits(one: ReturnTo, place: KeyPath) -> Iterator[Fault]:
    for j, visit in enumerate(one.to):
        if visit == one.baseline:
            yield Fault(
                (*place, "to", j),
                f"`{visit}` is the baseline, too, so nothing can have changed",
                expected="a later mean than that of `from`",
                found=visit,
                hint="take it out of `to`",
            )
        elif visit in one.to[:j]:
            yield Fault(
                (*place, "to", j),
                f"`{visit}` stands twice in `to`",
                expected="each mean once",
                found=visit,
                hint="delete one of the two",
            )


def _means(study: Study, analysis: Analysis) -> list[str] | None:
    """Return the means of a model of groups and timepoints; None where others may be meant."""
    model = analysis.model
    levels = {"group": study.groups, "timepoint": study.timepoints}
    if not model.means or not set(model.means) <= set(levels):
        return None
    return [".".join(parts) for parts in product(*(levels[m] for m in model.means))]


def _check_names(
    study: Study, one: ReturnTo, means: Sequence[str] | None, place: KeyPath
) -> Iterator[Fault]:
    """Check names where study.yml knows all that there can be."""
    if means is None:
        return
    for path, name in (
        ((*place, "from"), one.baseline),
        *(((*place, "to", j), visit) for j, visit in enumerate(one.to)),
    ):
        if name not in means:
            yield Fault(
                path,
                f"there is no mean `{name}`",
                expected="one of " + ", ".join(means),
                found=name,
                hint=did_you_mean(name, means) or "use one of the means",
            )
    word = one.reference.replace(".", "").replace("_", "").isalnum()
    if word and one.reference not in (*study.groups, *means):
        yield Fault(
            (*place, "reference"),
            f"`{one.reference}` is neither a group nor a mean",
            expected="one of " + ", ".join((*study.groups, *means)),
            found=one.reference,
            hint=did_you_mean(one.reference, [*study.groups, *means])
            or "a group stands for its mean at each visit",
        )
