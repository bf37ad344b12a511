"""Contrasts of the reserved keys: all changes in time, group differences, interactions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyses.design.contrast_expression import quoted
from analyses.design.design import Design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import CONTRAST_FAMILIES, Study
from cohortmart.core.study.rules.contrasts import validate_contrasts
from cohortmart.core.study.timepoints import as_number


@dataclass(frozen=True)
class Expanded:
    """The contrasts of an analysis, reserved keys written out.

    Parameters
    ----------
    expressions : dict of str to str
        Name to expression, in the order of the study's contrasts.
    families : dict of str to tuple of str
        Reserved key to the names of its contrasts.
    """

    expressions: dict[str, str]
    families: dict[str, tuple[str, ...]]


def expand_contrasts(
    design: Design, contrasts: Mapping[str, str], model: Model, study: Study
) -> Expanded:
    """Replace the reserved keys by the contrasts they stand for.

    `time_within_group` gives later minus earlier for every group and pair of timepoints that
    both have samples (`HP_3rd-1st`), `group_within_time` every other group minus the first of
    the study's groups that has samples (`MSvsHP_3rd`), `interaction` the differences of these
    changes (`MSvsHP_3rd-1st`). In a model with a curve the levels of `by` stand for the groups
    and the knots for the timepoints (`HP_36-12`, `MSvsHP_36-12`). Where the means are of
    timepoints or of groups alone, the names have that part alone (`3rd-1st`, `MSvsHP`). Negative
    numbers stand in parentheses: `0-(-7)`.

    Parameters
    ----------
    design : Design
    contrasts : mapping of str to str
        As in study.yml.
    model : Model
    study : Study
        Order of groups and timepoints.

    Raises
    ------
    AnalysisError
        The contrasts break a rule of study.yml, a reserved key gives no contrast or only such as
        `within` takes away, or two contrasts have the same name.
    """
    fault = next(validate_contrasts(study, contrasts, model), None)
    if fault is not None:
        raise AnalysisError(
            fault.problem, expected=fault.expected, found=fault.found, hint=fault.hint
        )
    expanded: dict[str, str] = {}
    families: dict[str, tuple[str, ...]] = {}
    for key, text in contrasts.items():
        if key in CONTRAST_FAMILIES:
            made = _generate(key, design, study)
            families[key] = tuple(made)
        else:
            made = {key: text}
        for name, expression in made.items():
            if name in expanded:
                raise AnalysisError(
                    f"two contrasts are named `{name}`",
                    found=f"{expanded[name]} and {expression}",
                    hint="rename yours, or leave it out where a reserved key makes it",
                )
            expanded[name] = expression
    return Expanded(expanded, families)


def _generate(key: str, design: Design, study: Study) -> dict[str, str]:
    _refuse_between(key, design)
    kinds = {
        "time_within_group": _time_within_group,
        "group_within_time": _group_within_time,
        "interaction": _interaction,
    }
    made = dict(kinds[key](_Grid(design, study)))
    if not made:
        raise AnalysisError(
            f"`{key}: all` gives no contrast",
            found=f"samples of {', '.join(design.mean_levels)} only",
        )
    return made


def _refuse_between(key: str, design: Design) -> None:
    """Refuse to compare groups where each level of `within` is of one group."""
    group = "group" if design.curve is None else design.curve.by
    if key != "group_within_time" or design.within is None or group is None:
        return
    of_group, of_level = design.categories[group], design.categories[design.within]
    if len(set(zip(of_group, of_level, strict=True))) == len(set(of_level)):
        raise AnalysisError(
            f"`{key}: all` compares {group}s, and `{design.within}` is in the model (`within`), "
            "which takes every difference between them out",
            expected="contrasts within one: time_within_group, interaction",
            found=f"every {design.within} is of one {group}",
            hint=f"use `block: {design.within}` in place of `within`, or take the key out",
        )


class _Grid:
    """Which group has samples at which timepoint, and how that mean is written.

    On a curve the groups are its levels and the timepoints its knots; one curve for all is
    named after its number.
    """

    def __init__(self, design: Design, study: Study) -> None:
        if design.curve is None:
            cells = {
                label: _group_and_timepoint(dict(zip(design.mean_factors, p, strict=True)))
                for label, p in design.mean_levels.items()
            }
            groups, timepoints = (*study.groups, ""), (*study.timepoints, "")
        else:
            # one curve for all has knots only
            cells = {
                label: (design.curve.of if len(p) == 1 else p[0], p[-1])
                for label, p in design.mean_levels.items()
            }
            groups, timepoints = (
                tuple(dict.fromkeys(c[i] for c in cells.values())) for i in range(2)
            )
        self.names = {cell: quoted(label) for label, cell in cells.items()}
        self.groups = [g for g in groups if any(g == key[0] for key in self.names)]
        self.timepoints = [t for t in timepoints if any(t == key[1] for key in self.names)]

    def changes(self, *groups: str) -> Iterator[tuple[str, str]]:
        """Yield (earlier, later) for the timepoints that all these groups have."""
        shared = [t for t in self.timepoints if all((g, t) in self.names for g in groups)]
        yield from itertools.combinations(shared, 2)

    def change(self, group: str, earlier: str, later: str) -> str:
        """Write later minus earlier."""
        return f"{self.names[group, later]} - {self.names[group, earlier]}"


def _group_and_timepoint(level_of: Mapping[str, str]) -> tuple[str, str]:
    """Return both; empty where the means do not tell it apart."""
    return level_of.get("group", ""), level_of.get("timepoint", "")


def _time_within_group(grid: _Grid) -> Iterator[tuple[str, str]]:
    for group in grid.groups:
        for earlier, later in grid.changes(group):
            yield _named(group, _from_to(earlier, later)), grid.change(group, earlier, later)


def _group_within_time(grid: _Grid) -> Iterator[tuple[str, str]]:
    reference, *others = grid.groups
    for group in others:
        for t in grid.timepoints:
            if (group, t) in grid.names and (reference, t) in grid.names:
                expression = f"{grid.names[group, t]} - {grid.names[reference, t]}"
                yield _named(f"{group}vs{reference}", t), expression


def _interaction(grid: _Grid) -> Iterator[tuple[str, str]]:
    reference, *others = grid.groups
    for group in others:
        for earlier, later in grid.changes(group, reference):
            own = grid.change(group, earlier, later)
            theirs = grid.change(reference, earlier, later)
            name = _named(f"{group}vs{reference}", _from_to(earlier, later))
            yield name, f"({own}) - ({theirs})"


def _named(*parts: str) -> str:
    return "_".join(part for part in parts if part)


def _from_to(earlier: str, later: str) -> str:
    """Name a change; a negative number in parentheses, or `0--7` would have to be puzzled out."""
    late, early = (
        f"({t})" if t.startswith("-") and as_number(t) is not None else t for t in (later, earlier)
    )
    return f"{late}-{early}"
