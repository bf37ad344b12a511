"""Page 6: gene sets, modules and overlaps behind the lists."""

from analyses.report.pages.findings.page import findings_page

__all__ = ["findings_page"]
