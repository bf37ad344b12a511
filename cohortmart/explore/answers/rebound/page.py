"""View of rebound: what swings back in one group and not in another."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.explore.answers.addresses import list_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.downloads import download_links
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.home.courses import leading_on
from cohortmart.explore.answers.rebound.picture import changes_picture
from cohortmart.explore.answers.rebound.question import Question, asked_question
from cohortmart.explore.answers.rebound.table import (
    answer_table,
    counts,
    linked_names,
    rebound_address,
    swinging,
)
from cohortmart.explore.answers.view import Link, View, Wanted
from cohortmart.report.blocks import Block, Figure, Page, Section, Text
from cohortmart.report.pages.rebound.courses import drawn_courses, titled_courses
from cohortmart.report.source import Source

#: Features whose courses are drawn, and those that a list takes.
_COURSES, _LISTED = 4, 40


def has_rebound(source: Source) -> bool:
    """Tell whether a study has changes that could swing back."""
    return source.has_rows("rebound_summary")


def rebound_view(explored: Explored, wanted: Wanted) -> View:
    """Return which features swing back in a group and not in another.

    Parameters
    ----------
    explored : Explored
    wanted : mapping
        analysis, pair; `in` and `not_in`: groups; `tested=1`: only what is tested to differ.

    Raises
    ------
    InputError
        The study has no rebound, or not of what is asked for.
    """
    with explored.asked() as asked:
        question = asked_question(asked, wanted)
        n, n_differs = counts(asked, question)
        found = swinging(asked, question, only_tested=question.only_tested)
        rows = linked_names(asked, question.pair, found)
        shown = n_differs if question.only_tested else n
        blocks: list[Block] = [Text(answer_words(question, n, n_differs), "finding")]
        if question.compared is not None:
            blocks.append(Text(_caution(asked, question)))
        blocks.append(changes_picture(asked, question, rows))
        if rows.num_rows:
            blocks += [b for b in (_courses(asked, question, rows),) if b is not None]
            blocks.append(answer_table(question, rows, shown))
        return View(
            Page("rebound", "Rebound", _lead(question), (Section("", tuple(blocks)),)),
            controls=question.controls(),
            links=_links(rows),
            downloads=download_links("rebound", **rebound_address(question)) if shown else (),
            questions=tuple(asked.questions),
        )


def answer_words(question: Question, n: int, n_differs: int) -> str:
    """Return the answer as a sentence or two.

    Parameters
    ----------
    question : Question
    n, n_differs : int
        Features that swing back in the group and not in the other; those of them whose swing is
        tested to differ.
    """
    pair, member = question.pair, question.pair.members[0]
    swinging_back = member["n_up_down"] + member["n_down_up"]
    said = (
        f"{swinging_back:,} of {counted(member['n_tested'], pair.noun)} swing back in "
        f"{question.group}"
    )
    if question.compared is None:
        return (
            f"{said}: {member['n_up_down']:,} up then down, {member['n_down_up']:,} down then up."
        )
    return (
        f"{said}; {n:,} of them not in {question.compared}. Of these {n:,}, {n_differs:,} are "
        "tested to swing differently in the two groups."
    )


def _lead(question: Question) -> str:
    over = f"{', '.join(question.pair.visits)}: w" if question.pair.visits else "W"
    if question.compared is None:
        return f"{over}hat changes and swings back in {question.group}."
    return f"{over}hat changes and swings back in {question.group}, and not in {question.compared}."


def _caution(asked: Asked, question: Question) -> str:
    own, other = (m["n_subjects_second"] for m in question.pair.members)
    return (
        f"Not found in {question.compared} is no proof that it does not happen there "
        f"({asked.subject.counted(other)}, against {own:,}): only what is tested to differ shows "
        "a difference."
    )


def _courses(asked: Asked, question: Question, rows: pa.Table) -> Figure | None:
    pair = question.pair
    features = rows["feature_id"].to_pylist()[:_COURSES]
    courses = titled_courses(asked, pair, features)
    if courses is None:
        return None
    title = f"The surest of them: {counted(len(features), pair.noun)} by {asked.timepoint.one}"
    figure = drawn_courses(asked, pair, courses, "rebound-courses", title, "")
    return leading_on(figure, asked, pair, features)


def _links(rows: pa.Table) -> tuple[Link, ...]:
    features = rows["feature_id"].to_pylist()[:_LISTED]
    links = []
    if features:
        links.append(Link(f"The first {len(features)} as a list", list_address(" ".join(features))))
    return tuple(links)
