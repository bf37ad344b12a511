"""Page of the report. What was found, and what to be careful with."""

from cohortmart.report.pages.overview.page import overview_page

__all__ = ["overview_page"]
