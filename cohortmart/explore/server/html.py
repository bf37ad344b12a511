"""HTML of a view: the report's blocks, with controls, links and the questions behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cohortmart import __version__
from cohortmart.explore.answers.view import Kind, View
from cohortmart.report.blocks import all_blocks
from cohortmart.report.embedding import embedded_items, template_blocks, template_environment

PACKAGE = "cohortmart.explore"


@dataclass(frozen=True)
class Frame:
    """What stands around every page.

    Parameters
    ----------
    study : str
        Its name.
    pages : tuple of Kind
        Those with a title that have something to show, in order.
    state : str
        Of the warehouse that answered: the page asks whether it is still the one of now.
    pseudonymised : bool
    subject : str
        What the study calls a person.
    """

    study: str
    pages: tuple[Kind, ...] = ()
    state: str = ""
    pseudonymised: bool = False
    subject: str = "person"


def view_html(view: View, frame: Frame) -> str:
    """Return a view as a page.

    Parameters
    ----------
    view : View
    frame : Frame

    Raises
    ------
    ValueError
        Two blocks have the same name.
    """
    return _with_blocks("view.html.j2", view, frame)


def part_html(view: View, frame: Frame, name: str) -> str:
    """Return a view that stands below another, without what stands around a page.

    Parameters
    ----------
    view : View
    frame : Frame
    name : str
        Of the view in the registry: its ids begin with it.

    Raises
    ------
    ValueError
        Two blocks have the same name.
    """
    return _with_blocks("part.html.j2", view, frame, f"{name}-")


def _with_blocks(template: str, view: View, frame: Frame, prefix: str = "") -> str:
    spec_of, items = embedded_items(all_blocks(view.page), prefix)
    sections = [
        {"title": section.title, "blocks": template_blocks(section.blocks, spec_of)}
        for section in view.page.sections
    ]
    return _rendered(template, frame, view=view, sections=sections, embedded=items)


def words_html(title: str, words: str, hint: str, frame: Frame, *, again: bool = False) -> str:
    """Return a page that only says something: what is not there, what went wrong.

    Parameters
    ----------
    title, words, hint : str
        Plain text, never HTML.
    frame : Frame
    again : bool
        What is not there now will be soon: the page asks again.
    """
    _, items = embedded_items(())  # what the scripts of every page begin with
    return _rendered(
        "words.html.j2",
        frame,
        title=title,
        words=words,
        hint=hint,
        again=again,
        embedded=items,
    )


def _rendered(template: str, frame: Frame, **given: Any) -> str:
    environment = template_environment(PACKAGE)
    return environment.get_template(template).render(version=__version__, **vars(frame), **given)
