"""Page of the report. Which differences from a reference are gone later on."""

from cohortmart.report.pages.returns.page import returns_page

__all__ = ["returns_page"]
