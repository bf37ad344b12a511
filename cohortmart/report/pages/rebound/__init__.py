"""Page of the report. Changes there and back."""

from cohortmart.report.pages.rebound.page import rebound_page

__all__ = ["rebound_page"]
