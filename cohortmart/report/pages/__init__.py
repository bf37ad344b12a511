"""Pages of the report, in the order of the questions that people ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cohortmart.report.blocks import Page
from cohortmart.report.pages.contrasts import contrasts_page
from cohortmart.report.pages.explained import explained_page
from cohortmart.report.pages.findings import findings_page
from cohortmart.report.pages.help import help_page
from cohortmart.report.pages.identity import identity_page
from cohortmart.report.pages.methods import methods_page
from cohortmart.report.pages.methylation_expression import methylation_expression_page
from cohortmart.report.pages.overview import overview_page
from cohortmart.report.pages.quality import quality_page
from cohortmart.report.pages.rebound import rebound_page
from cohortmart.report.pages.regions import regions_page
from cohortmart.report.pages.returns import returns_page
from cohortmart.report.pages.signatures import signatures_page
from cohortmart.report.pages.variance import variance_page
from cohortmart.report.source import Source

#: The registry: the name of a page in the address, and what makes it. A page is added here.
PAGES: Sequence[tuple[str, Callable[[Source], Page]]] = (
    ("overview", overview_page),
    ("quality", quality_page),
    ("identity", identity_page),
    ("contrasts", contrasts_page),
    ("explained", explained_page),
    ("variance", variance_page),
    ("rebound", rebound_page),
    ("returns", returns_page),
    ("regions", regions_page),
    ("signatures", signatures_page),
    ("methylation-expression", methylation_expression_page),
    ("findings", findings_page),
    ("methods", methods_page),
    ("help", help_page),  # says how those before it are read
)

#: Why a page has nothing to show, after "as".
NOTHING: Mapping[str, str] = MappingProxyType(
    {
        "quality": "nothing was measured",
        "identity": "nothing tells people apart",
        "contrasts": "no analysis has contrasts",
        "explained": "no analysis has explained_by",
        "variance": "no analysis ran",
        "rebound": "no analysis has a rebound",
        "returns": "no analysis has return_to",
        "regions": "no analysis has dmr",
        "signatures": "no analysis has signatures",
        "methylation-expression": "no analysis links the two",
        "findings": "no analysis has gene sets, modules or lists that overlap",
        "methods": "no analysis ran",
        "help": "no page needs it",
    }
)


def left_out(pages: Sequence[Page]) -> str:
    """Return in one line which pages are not in the report, and why; empty where all are."""
    said = [
        f"{page.title}, as {NOTHING.get(page.name, 'there is nothing to show')}"
        for page in pages
        if not page.sections
    ]
    return f"Not in this report: {'; '.join(said)}." if said else ""
