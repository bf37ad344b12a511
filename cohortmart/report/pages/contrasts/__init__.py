"""Page of the report. What changes, contrast by contrast."""

from cohortmart.report.pages.contrasts.page import contrasts_page

__all__ = ["contrasts_page"]
