"""HTML of a view: the report's blocks, with controls, links and the questions behind them."""

from __future__ import annotations

from typing import Any

from cohortmart import __version__
from cohortmart.explore.answers.registry import VIEWS
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import all_blocks
from cohortmart.report.embedding import embedded_items, template_blocks, template_environment

PACKAGE = "cohortmart.explore"


def view_html(view: View, *, study: str, state: str, pseudonymised: bool = False) -> str:
    """Return a view as a page.

    Parameters
    ----------
    view : View
    study : str
        Its name.
    state : str
        Of the warehouse that answered: the page asks whether it is still the one of now.
    pseudonymised : bool

    Raises
    ------
    ValueError
        Two blocks have the same name.
    """
    spec_of, items = embedded_items(all_blocks(view.page))
    sections = [
        {"title": section.title, "blocks": template_blocks(section.blocks, spec_of)}
        for section in view.page.sections
    ]
    return _rendered(
        "view.html.j2",
        study=study,
        state=state,
        view=view,
        sections=sections,
        embedded=[{"id": i, "json": text} for i, text in items],
        pseudonymised=pseudonymised,
    )


def words_html(
    title: str,
    words: str,
    hint: str = "",
    *,
    study: str,
    state: str = "",
    pseudonymised: bool = False,
) -> str:
    """Return a page that only says something: what is not there, what went wrong.

    Parameters
    ----------
    title, words, hint : str
        Plain text, never HTML.
    study, state, pseudonymised
        As of `view_html`.
    """
    return _rendered(
        "words.html.j2",
        study=study,
        state=state,
        title=title,
        words=words,
        hint=hint,
        pseudonymised=pseudonymised,
    )


def _rendered(template: str, **given: Any) -> str:
    environment = template_environment(PACKAGE)
    pages = [(kind.name, kind.title) for kind in VIEWS if kind.title]
    return environment.get_template(template).render(version=__version__, pages=pages, **given)
