"""Page of the report. Gene sets, overlaps and disease modules."""

from cohortmart.report.pages.findings.page import findings_page

__all__ = ["findings_page"]
