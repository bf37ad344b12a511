"""Page 6, findings: gene sets, modules and overlaps behind the lists."""

from cohortmart.report.pages.findings.page import findings_page

__all__ = ["findings_page"]
