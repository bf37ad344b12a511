"""Page of the report. Which neighbouring CpGs change together."""

from cohortmart.report.pages.regions.page import regions_page

__all__ = ["regions_page"]
