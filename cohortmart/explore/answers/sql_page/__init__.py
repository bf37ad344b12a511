"""SQL page: a query of one's own, on every table that may be asked."""

from __future__ import annotations

from cohortmart.explore.answers.downloads import Wished, download_links
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Limits, Queries
from cohortmart.explore.answers.sql_page.examples import example_queries
from cohortmart.explore.answers.view import Control, View, Wanted
from cohortmart.report.blocks import Page

#: In the registries of views and of downloads.
NAME = "sql"


def sql_view(explored: Explored, wanted: Wanted) -> View:
    """Return the page with the query of its address; its script runs it.

    Parameters
    ----------
    explored : Explored
    wanted : mapping of str to str
        `query`.
    """
    query, limits = wanted.get("query", ""), Limits()
    lead = (
        f"One query that reads, for {limits.seconds:g} seconds and the first "
        f"{limits.rows:,} rows; a file gets all of them. Ctrl+Enter runs it."
    )
    return View(
        Page(NAME, "SQL", lead, ()),
        controls=(Control("query", "Query", query, "list", hint="from dim_contrast"),),
        links=example_queries(explored),
        downloads=download_links(NAME, query=query or "select 1"),
        script="sql.js",
    )


def sql_download(explored: Explored, wanted: Wanted) -> Wished:
    """Return all rows of the query of an address, as a file.

    Parameters
    ----------
    explored : Explored
    wanted : mapping of str to str
        `query`.
    """
    query = wanted.get("query", "")
    return Wished("query", query, rows=lambda: Queries(explored).whole(query))
