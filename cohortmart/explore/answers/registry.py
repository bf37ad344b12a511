"""Views of the explorer: what is shown at which address. A view is added here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cohortmart.explore.answers.compare import compare_view
from cohortmart.explore.answers.contrast import (
    contrast_counts,
    contrast_download,
    contrast_rows,
    contrast_view,
)
from cohortmart.explore.answers.downloads import Download
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.feature import feature_view
from cohortmart.explore.answers.gene import gene_cpgs_view, gene_view
from cohortmart.explore.answers.gene_set import set_view
from cohortmart.explore.answers.home import home_view, make_home
from cohortmart.explore.answers.listed import list_view, ready
from cohortmart.explore.answers.module import module_view
from cohortmart.explore.answers.rebound import has_rebound, rebound_rows, rebound_view
from cohortmart.explore.answers.results import made_ready
from cohortmart.explore.answers.samples import (
    person_view,
    sample_view,
    samples_view,
    warm_samples,
)
from cohortmart.explore.answers.search.words import make_words
from cohortmart.explore.answers.single.analyses import analyses
from cohortmart.explore.answers.single.rebounds import make_rebounds
from cohortmart.explore.answers.sql_page import NAME as SQL
from cohortmart.explore.answers.sql_page import sql_download, sql_view
from cohortmart.explore.answers.view import Kind, Wanted

#: The registry; those with a title are offered at the top of every page, in this order.
VIEWS: Sequence[Kind] = (
    Kind("", "Start", home_view),
    Kind("contrast", "Contrasts", contrast_view, "what was compared, and how much is found"),
    Kind("compare", "", compare_view),
    Kind("gene", "", gene_view),
    Kind("gene-cpgs", "", gene_cpgs_view, is_part=True),
    Kind("feature", "", feature_view),
    Kind("set", "", set_view),
    Kind(
        "rebound",
        "Rebound",
        rebound_view,
        "what changes and swings back in one group, and not in another",
        has_rebound,
    ),
    Kind("module", "", module_view),
    Kind("samples", "Samples", samples_view, "who is like whom, and who stands apart"),
    Kind("sample", "", sample_view),
    Kind("person", "", person_view),
    Kind("list", "Lists", list_view, "what is special about genes or CpGs of your own"),
    Kind(SQL, "SQL", sql_view, "every table of the study, asked in your own words"),
)

#: What can be downloaded, by its place in an address: /download/NAME.
DOWNLOADS: Mapping[str, Download] = {
    "contrast": contrast_download,
    SQL: sql_download,
    "rebound": rebound_rows,
}

#: What a view that is shown asks for besides, as JSON: /data/NAME.
DATA: Mapping[str, Callable[[Explored, Wanted], Mapping[str, Any]]] = {
    "contrast-counts": contrast_counts,
    "contrast-rows": contrast_rows,
}


def warm(explored: Explored) -> None:
    """Make what the first questions need before they are asked.

    Parameters
    ----------
    explored : Explored
    """
    explored.kept("search words", make_words)
    explored.kept("home", make_home)
    made_ready(explored)
    analyses(explored)
    explored.kept("rebound of genes", make_rebounds)
    warm_samples(explored)
    ready(explored)


def offered(explored: Explored) -> tuple[Kind, ...]:
    """Return the views of the list of pages that have something to show of a study.

    Parameters
    ----------
    explored : Explored
    """
    return explored.kept(
        "pages", lambda source: tuple(k for k in VIEWS if k.title and k.is_there(source))
    )
