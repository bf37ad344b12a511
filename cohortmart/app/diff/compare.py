"""Comparison of two runs: what they share, what only one has, and list after list."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from cohortmart.app.diff.causes import Causes, find_causes
from cohortmart.app.diff.lists import (
    ListName,
    list_names,
    numbers_of,
    only_of,
    refuse_unknown,
    rule_of,
)
from cohortmart.app.diff.names import with_names
from cohortmart.app.diff.results import FEATURES, ListDifference, comparison
from cohortmart.app.diff.runs import Run
from cohortmart.core.errors import InputError
from cohortmart.core.study.records import Thresholds
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import counted

_COUNTS = """
    select
        (select count(*) from dim_sample) as n_samples,
        (select count(*) from dim_subject) as n_subjects
"""
_SHARED_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Survey:
    """What there is to compare.

    Parameters
    ----------
    shared : dict of ListName to pair of dict
        Lists of both runs with their rows.
    only_a, only_b : tuple of ListName
        Lists of one run alone.
    causes : Causes
    """

    shared: dict[ListName, tuple[dict[str, Any], dict[str, Any]]]
    only_a: tuple[ListName, ...]
    only_b: tuple[ListName, ...]
    causes: Causes


def given_thresholds(p: float | None, adj_p: float | None) -> Thresholds | None:
    """Return the thresholds that stand in place of the studies' own; None if none was given.

    Parameters
    ----------
    p, adj_p : float or None
        Above 0, at most 1.

    Raises
    ------
    InputError
        One lies outside.
    """
    for option, value in (("--p", p), ("--adj-p", adj_p)):
        if value is not None and not (math.isfinite(value) and 0 < value <= 1):
            raise InputError(
                f"{option} is no threshold for P values",
                expected="a number above 0, at most 1",
                found=f"{value:g}",
            )
    return None if p is None and adj_p is None else Thresholds(p=p, adj_p=adj_p)


def survey(a: Run, b: Run, *, only: str | None, rebounds: bool) -> Survey:
    """Find what two runs share, and what they were made from.

    Parameters
    ----------
    a, b : Run
    only : str or None
        The lists of one analysis.
    rebounds : bool
        Also the lists of features that rebound.

    Raises
    ------
    InputError
        They have nothing in common, or neither has the analysis.
    """
    names = [list_names(run, rebounds=rebounds) for run in (a, b)]
    refuse_unknown(only, {name.analysis for side in names for name in side})
    left, right = (only_of(side, only) for side in names)
    _refuse_strangers(a, b, set(names[0]), set(names[1]))
    return Survey(
        shared={name: (left[name], right[name]) for name in left if name in right},
        only_a=tuple(name for name in left if name not in right),
        only_b=tuple(name for name in right if name not in left),
        causes=find_causes(a, b, only),
    )


def compared(
    a: Run, b: Run, found: Survey, given: Thresholds | None, most: int | None = 0
) -> Iterator[tuple[ListDifference, pa.Table]]:
    """Compare the shared lists, one at a time.

    Parameters
    ----------
    a, b : Run
    found : Survey
    given : Thresholds, optional
        In place of the studies' own.
    most : int, optional
        Features given with each list, of each change; None = all of them.

    Yields
    ------
    ListDifference
    Table
        Features that changed, see `cohortmart.app.diff.results.FEATURES`.
    """
    with comparison() as tables:
        for name, rows in found.shared.items():
            sides = list(zip((a, b), rows, strict=True))
            rules = [rule_of(run, name, row, given) for run, row in sides]
            numbers = [numbers_of(run, name) for run in (a, b)]
            samples = [row.get("n_samples") for row in rows]
            difference = tables.compare(
                name, (numbers[0], numbers[1]), (rules[0], rules[1]), (samples[0], samples[1])
            )
            del numbers
            if most == 0 or difference.same_list:
                yield difference, FEATURES.empty_table()
            else:
                yield difference, with_names(tables.features(name, most), (a, b), name.analysis)


def described(run: Run) -> str:
    """Say in one line what a run holds."""
    counts = run.rows(_COUNTS)
    said = str(_short(run.home.root))
    if counts:
        said += (
            f": {counted(counts[0]['n_samples'], 'sample')} of "
            f"{StudyCopy(run.home).nouns.subject.counted(counts[0]['n_subjects'])}"
        )
    analyses = run.rows("select count(distinct analysis) as n from dim_contrast")
    return f"{said}, {counted(analyses[0]['n'] if analyses else 0, 'analysis', 'analyses')}"


def _short(path: Path) -> Path:
    """Return the path relative to the working folder if it lies below it."""
    here = Path.cwd()
    return path.relative_to(here) if path != here and path.is_relative_to(here) else path


def _refuse_strangers(a: Run, b: Run, left: set[ListName], right: set[ListName]) -> None:
    """Raise if two runs share neither a list nor a sample."""
    if left & right:
        return
    samples = [
        {r["sample_id"] for r in run.rows("select sample_id from dim_sample")} for run in (a, b)
    ]
    if samples[0] & samples[1]:
        return
    raise InputError(
        "these two runs have nothing in common: no contrast of the same name, no sample",
        file=b.home.root,
        expected=f"a run with analyses such as {_some(left)} and samples such as "
        f"{_some(samples[0])}, as {a.home.root}",
        found=f"analyses such as {_some(right)} and samples such as {_some(samples[1])}",
        hint="name the output folders of two runs of one study",
    )


def _some(names: set[ListName] | set[str]) -> str:
    words = sorted({n.analysis if isinstance(n, ListName) else n for n in names})
    return ", ".join(words[:_SHARED_NAMES_SHOWN]) or "(none)"
