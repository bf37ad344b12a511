"""Views of the explorer: what is shown at which address. A view is added here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohortmart.explore.answers.downloads import Download
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.gene import gene_view
from cohortmart.explore.answers.home import home_view, make_home
from cohortmart.explore.answers.listed import list_view
from cohortmart.explore.answers.rebound import has_rebound, rebound_rows, rebound_view
from cohortmart.explore.answers.results import layouts
from cohortmart.explore.answers.samples import (
    person_view,
    sample_view,
    samples_view,
    warm_samples,
)
from cohortmart.explore.answers.search.words import make_words
from cohortmart.explore.answers.sql_page import NAME as SQL
from cohortmart.explore.answers.sql_page import sql_download, sql_view
from cohortmart.explore.answers.view import Kind

#: The registry; those with a title are offered at the top of every page, in this order.
VIEWS: Sequence[Kind] = (
    Kind("", "Start", home_view),
    Kind("gene", "", gene_view),
    Kind(
        "rebound",
        "Rebound",
        rebound_view,
        "what changes and swings back in one group, and not in another",
        has_rebound,
    ),
    Kind("samples", "Samples", samples_view),
    Kind("sample", "", sample_view),
    Kind("person", "", person_view),
    Kind("list", "Lists", list_view),
    Kind(SQL, "SQL", sql_view),
)

#: What can be downloaded, by its place in an address: /download/NAME.
DOWNLOADS: Mapping[str, Download] = {
    SQL: sql_download,
    "rebound": rebound_rows,
}


def warm(explored: Explored) -> None:
    """Make what the first questions need before they are asked.

    Parameters
    ----------
    explored : Explored
    """
    explored.kept("home", make_home)
    explored.kept("search words", make_words)
    explored.kept("feature positions", layouts)
    warm_samples(explored)


def offered(explored: Explored) -> tuple[Kind, ...]:
    """Return the views of the list of pages that have something to show of a study.

    Parameters
    ----------
    explored : Explored
    """
    return explored.kept(
        "pages", lambda source: tuple(k for k in VIEWS if k.title and k.is_there(source))
    )
