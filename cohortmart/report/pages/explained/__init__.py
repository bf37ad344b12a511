"""Page of the report. How much of a change is only a change of other variables."""

from cohortmart.report.pages.explained.page import explained_page

__all__ = ["explained_page"]
