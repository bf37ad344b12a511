"""Roles of a sample sheet's columns, by names, by values, by how they nest and what they match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cohortmart.app.init.columns import Column, keys
from cohortmart.app.init.people import crossing, find_people, merging, parting
from cohortmart.app.init.questions import NONE, Interview, Question
from cohortmart.app.init.words import (
    is_answer,
    is_control,
    looks_like_cells,
    looks_like_sex,
    looks_like_time,
    named_as,
)
from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted

#: Levels that a group may have.
_MOST_GROUPS = 8
_NAMED, _BY_VALUES, _WEAK = 3, 2, 1


@dataclass
class Roles:
    """What the columns of the first sheet mean.

    Parameters
    ----------
    sample, subject : str
    group, timepoint, cell_type, library : str or None
    visit_key : tuple of str
    why : dict
        Role to what speaks for it.
    notes : list of str
        Columns that would have a role if they had a value in every row.
    """

    sample: str
    subject: str
    group: str | None = None
    timepoint: str | None = None
    cell_type: str | None = None
    library: str | None = None
    visit_key: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def used(self) -> set[str]:
        """Columns that have a role."""
        one = (self.sample, self.subject, self.group, self.timepoint, self.cell_type, self.library)
        return {c for c in (*one, *self.visit_key) if c is not None}


def find_roles(
    columns: Sequence[Column],
    sample: str,
    others: Sequence[str],
    interview: Interview,
    sheet: str,
) -> Roles:
    """Propose the role of each column.

    Parameters
    ----------
    columns : sequence of Column
        Of the sheet, those of joined sheets included.
    sample : str
        The column with the names of the samples.
    others : sequence of str
        Columns with the names that samples have in further assays.
    interview : Interview
        For what is not certain.
    sheet : str
        Its name, for messages.

    Raises
    ------
    IngestError
        No column can name people.
    """
    names = {sample, *others}
    free = [c for c in columns if c.name not in names and len(c.levels) > 0]
    by_name = {c.name: c for c in columns}
    subject, why = _subject(free, by_name[sample], interview, sheet)
    roles = Roles(sample, subject.name, why={"subject": why})
    free = [c for c in free if c is not subject]
    _set_timepoint(roles, free, subject, interview)
    free = [c for c in free if c.name not in roles.used]
    _set_cell_type(roles, free, subject)
    free = [c for c in free if c.name not in roles.used]
    _set_group(roles, free, subject, interview)
    _set_keys(roles, columns, by_name)
    roles.notes += _incomplete(roles, free)
    return roles


def _incomplete(roles: Roles, free: Sequence[Column]) -> Iterator[str]:
    """Say which columns are called like a role and lack values."""
    for role in ("timepoint", "cell_type", "group"):
        if getattr(roles, role) is not None:
            continue
        for column in free:
            lacking = column.cells.count(None)
            if named_as(column.name, role) and 0 < 2 * lacking < len(column.cells):
                yield (
                    f"`{column.name}` could be the {role.replace('_', ' ')}, but has no value in "
                    f"{counted(lacking, 'row')}: fill them in, or take the rows out"
                )


def _subject(
    free: Sequence[Column], sample: Column, interview: Interview, sheet: str
) -> tuple[Column, str]:
    """Return the column that names people; the samples' own where each is a person of its own."""
    found = find_people(free)
    for column in free:
        lacking = column.cells.count(None)
        if named_as(column.name, "subject") and 0 < 2 * lacking < len(column.cells):
            raise IngestError(
                "the column that seems to name the people has no value in "
                f"{counted(lacking, 'row')}",
                file=sheet,
                column=column.name,
                expected="a person in every row",
                hint="fill them in, or take the rows out",
            )
    if not found:
        if sample.is_unique:
            return sample, "no column repeats as people do: each sample is a person of its own"
        raise IngestError(
            "no column of the sheet names people",
            file=sheet,
            expected="a column with a value in every row, which repeats where a person does",
            found="columns " + ", ".join(c.name for c in free),
            hint="add a column of the people (or patients, donors, animals) to the sheet",
        )
    best, *rest = found
    named = [p for p in found if named_as(p.column.name, "subject")]
    rivals = [p for p in rest if p.score[0] >= best.score[0] - 0.3]
    if (len(named) == 1 and named[0] is best) or not rivals:
        return best.column, best.why
    options = tuple(p.column.name for p in found)
    text = "Which column names the people?"
    answer = interview.settle(Question("subject", text, best.column.name, options, best.why))
    return next((p.column, p.why) for p in found if p.column.name == answer)


def _set_timepoint(
    roles: Roles, free: Sequence[Column], subject: Column, interview: Interview
) -> None:
    cross = crossing(free, subject)
    scored = {c.name: _time_score(c, c in cross) for c in free}
    best = max(scored, key=lambda n: scored[n], default=None)
    if best is not None and scored[best] > _WEAK:
        of = next(c for c in free if c.name == best)
        varies = " and varies within people" if of in cross else ""
        roles.timepoint = best
        roles.why["timepoint"] = f"its values or its name are times{varies}"
        return
    groups = [c for c in free if named_as(c.name, "group")]
    may = [c for c in cross if _may_be_time(c) and not any(_same(c, group) for group in groups)]
    if not may:
        return
    likely = sorted(may, key=lambda c: (-scored[c.name], len(c.levels)))
    why = f"it varies within people, who share its values ({', '.join(likely[0].levels[:4])})"
    question = Question(
        "timepoint", "Which column says at which visit a sample was taken?", likely[0].name,
        (*(c.name for c in likely), NONE), why,
    )  # fmt: skip
    roles.timepoint = interview.settle_optional(question)
    if roles.timepoint is not None:
        roles.why["timepoint"] = why


def _same(one: Column, other: Column) -> bool:
    """Whether two columns part the rows in the same way."""
    return one.within(other) and other.within(one)


def _may_be_time(column: Column) -> bool:
    no = named_as(column.name, "batch") or named_as(column.name, "group")
    return not (no or looks_like_cells(column.levels) or any(map(is_control, column.levels)))


def _time_score(column: Column, crosses: bool) -> float:
    """Return how much speaks for a timepoint; more than `_WEAK` settles it."""
    values = column.levels
    if len(values) < 2 or not column.is_complete or column.is_decimal:
        return 0
    named, words = named_as(column.name, "timepoint"), looks_like_time(values)
    if not crosses:  # people seen once, some early and some late
        exact = named and words and len(values) <= _MOST_GROUPS
        return _BY_VALUES if exact else 0
    if column.is_number and not named:
        return 0 if named_as(column.name, "batch") else _WEAK / 2
    dates = _BY_VALUES * (column.days is not None)
    score = _NAMED * named + _BY_VALUES * words + dates
    return 0 if named_as(column.name, "batch") and not words else score


def _set_cell_type(roles: Roles, free: Sequence[Column], subject: Column) -> None:
    cross = crossing(free, subject)
    for column in free:
        if len(column.levels) < 2 or not column.is_complete or column.is_number:
            continue
        if any(_same(column, c) for c in free if c is not column and named_as(c.name, "group")):
            continue  # tumour and benign tissue, say, are the groups themselves
        named = named_as(column.name, "cell_type")
        of_values = looks_like_cells(column.levels) and column in cross
        if named or of_values:
            roles.cell_type = column.name
            roles.why["cell_type"] = (
                "called like it" if named else "its values are cell types and vary within people"
            )
            return


def _set_group(roles: Roles, free: Sequence[Column], subject: Column, interview: Interview) -> None:
    scored = {c.name: _group_score(c, subject) for c in free}
    likely = sorted((n for n in scored if scored[n] > 0), key=lambda n: -scored[n])
    if not likely:
        return
    best = likely[0]
    constant = next(c for c in free if c.name == best).within(subject)
    why = "constant within people" if constant else "it changes within people"
    if named_as(best, "group"):
        why = f"called like it; {why}"
    sure = scored[best] >= _NAMED or (scored[best] >= _BY_VALUES and len(likely) == 1)
    rivals = len(likely) > 1 and scored[likely[1]] == scored[best]
    if not sure or rivals:
        text = "Which column says in which group people are?"
        question = Question("group", text, best, (*likely, NONE), why)
        answer = interview.settle_optional(question)
        if answer is None:
            return
        best = answer
    roles.group, roles.why["group"] = best, why


def _group_score(column: Column, subject: Column) -> float:
    values = column.levels
    if not column.is_complete or not 1 < len(values) <= _MOST_GROUPS or column.is_decimal:
        return 0
    if named_as(column.name, "batch") or looks_like_time(values):
        return 0
    named, control = named_as(column.name, "group"), any(map(is_control, values))
    constant = column.within(subject)
    if not named and (looks_like_sex(values) or is_answer(values)):
        return 0
    score = _NAMED * named + _BY_VALUES * control
    if constant and score:
        score += _WEAK
    if constant and not score and not column.is_number and len(subject.levels) >= 4:
        score = _WEAK
    return score


def _set_keys(roles: Roles, columns: Sequence[Column], by_name: dict[str, Column]) -> None:
    """Tell samples of one visit apart by a further column, or say which belong together."""
    subject = by_name[roles.subject]
    fixed = [by_name[c] for c in (roles.timepoint, roles.cell_type) if c is not None]
    rows = keys([subject, *fixed])
    if len(set(rows)) == len(rows):
        return
    taken = roles.used - {roles.group}
    may = [
        c
        for c in columns
        if c.name not in taken and not named_as(c.name, "batch") and not c.is_number
    ]
    library = merging([subject, *fixed], [c for c in columns if c.name not in roles.used])
    parts = parting(subject, fixed, may)
    if parts and not (library is not None and named_as(library.name, "library")):
        roles.visit_key = tuple(c.name for c in parts)
        roles.why["visit_key"] = "it tells apart the samples of one person at one visit"
    elif library is not None:
        roles.library = library.name
        n = len(library.levels)
        roles.why["library"] = f"its {n} values are the visits: rows of one are merged"
