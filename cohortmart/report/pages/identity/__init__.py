"""Page of the report. Whose each sample is, as the sheet says and as the data say."""

from cohortmart.report.pages.identity.page import identity_page

__all__ = ["identity_page"]
