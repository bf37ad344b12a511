"""Pages of the report, in the order of the questions that people ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cohortmart.report.blocks import Page
from cohortmart.report.pages.contrasts import contrasts_page
from cohortmart.report.pages.explained import explained_page
from cohortmart.report.pages.findings import findings_page
from cohortmart.report.pages.help import help_page
from cohortmart.report.pages.methods import methods_page
from cohortmart.report.pages.methylation_expression import methylation_expression_page
from cohortmart.report.pages.overview import overview_page
from cohortmart.report.pages.quality import quality_page
from cohortmart.report.pages.rebound import rebound_page
from cohortmart.report.source import Source

#: The registry: the name of a page in the address, and what makes it. A page is added here.
PAGES: Sequence[tuple[str, Callable[[Source], Page]]] = (
    ("overview", overview_page),
    ("quality", quality_page),
    ("contrasts", contrasts_page),
    ("explained", explained_page),
    ("rebound", rebound_page),
    ("methylation-expression", methylation_expression_page),
    ("findings", findings_page),
    ("methods", methods_page),
    ("help", help_page),  # says how those before it are read
)
