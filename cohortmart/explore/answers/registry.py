"""Views of the explorer: what is shown at which address. A view is added here."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.feature import feature_view
from cohortmart.explore.answers.gene import gene_view
from cohortmart.explore.answers.gene_set import set_view
from cohortmart.explore.answers.home import home_view
from cohortmart.explore.answers.results import made_ready
from cohortmart.explore.answers.search.words import make_words
from cohortmart.explore.answers.single.analyses import analyses
from cohortmart.explore.answers.single.rebounds import make_rebounds
from cohortmart.explore.answers.view import Kind

#: The registry; those with a title are offered at the top of every page, in this order.
VIEWS: Sequence[Kind] = (
    Kind("", "Start", home_view),
    Kind("gene", "", gene_view),
    Kind("feature", "", feature_view),
    Kind("set", "", set_view),
)


def warm(explored: Explored) -> None:
    """Make what the first questions need before they are asked.

    Parameters
    ----------
    explored : Explored
    """
    explored.kept("search words", make_words)
    made_ready(explored)
    analyses(explored)
    explored.kept("rebound of genes", make_rebounds)
