"""Page of findings: gene sets, modules, and what the lists of found features share."""

from __future__ import annotations

from cohortmart.report.blocks import Page
from cohortmart.report.pages.findings.modules import module_sections
from cohortmart.report.pages.findings.overlaps import overlap_sections
from cohortmart.report.pages.findings.sets import set_sections
from cohortmart.report.source import Source

_LEAD = (
    "What the found genes have in common: their gene sets, their module in the network of "
    "interacting proteins, and what two lists share."
)


def findings_page(source: Source) -> Page:
    """Return the page of enrichment, modules and overlaps."""
    sections = (*set_sections(source), *module_sections(source), *overlap_sections(source))
    return Page("findings", "Enrichment and modules", _LEAD, sections)
