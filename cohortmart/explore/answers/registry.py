"""Views of the explorer: what is shown at which address. A view is added here."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.home import home_view
from cohortmart.explore.answers.listed import list_view, ready
from cohortmart.explore.answers.results import layouts
from cohortmart.explore.answers.search.words import make_words
from cohortmart.explore.answers.view import Kind

#: The registry; those with a title are offered at the top of every page, in this order.
VIEWS: Sequence[Kind] = (
    Kind("", "Start", home_view),
    Kind("list", "Lists", list_view),
)


def warm(explored: Explored) -> None:
    """Make what the first questions need before they are asked.

    Parameters
    ----------
    explored : Explored
    """
    explored.kept("search words", make_words)
    explored.kept("feature positions", layouts)
    ready(explored)
