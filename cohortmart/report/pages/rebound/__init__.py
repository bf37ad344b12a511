"""Page 4, rebound: what changes and swings back."""

from cohortmart.report.pages.rebound.page import rebound_page

__all__ = ["rebound_page"]
