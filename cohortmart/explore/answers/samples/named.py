"""Named: the sample or the person that an address names."""

from __future__ import annotations

from typing import Any

from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Page

#: A name that is longer is not one.
_MOST_LETTERS = 200


def named_sample(asked: Asked, name: str) -> dict[str, Any]:
    """Return the row of `shown_sample` of a sample, by the name that is shown.

    Raises
    ------
    InputError
        There is no such sample.
    """
    rows = asked.rows("select * from shown_sample where sample = $name", {"name": name})
    if not rows:
        raise _unknown(asked, "sample", "sample", name)
    return rows[0]


def named_person(asked: Asked, name: str) -> str:
    """Return the id of a person, by the name that is shown.

    Raises
    ------
    InputError
        There is no such person.
    """
    found = asked.value(
        "select min(subject_id) from shown_sample where subject = $name", {"name": name}
    )
    if found is None:
        raise _unknown(asked, "subject", asked.subject.one, name)
    return str(found)


def not_shown(asked: Asked, page: str, title: str) -> View:
    """Return what is said in place of a single person where people are numbers."""
    words = f"Single {asked.subject.many} are not shown here: numbers stand for them."
    return View(Page(page, title, words))


def _unknown(asked: Asked, column: str, noun: str, name: str) -> InputError:
    known = [r["name"] for r in asked.rows(
        f"select distinct {column} as name from shown_sample order by name"
    )]  # fmt: skip
    wanted = name[:_MOST_LETTERS]
    if not wanted:
        return InputError(f"no {noun} is named", hint="find one by the search above")
    return InputError(
        f"this study has no {noun} called “{wanted}”",
        hint=did_you_mean(wanted, known) or "find one by the search above",
    )
