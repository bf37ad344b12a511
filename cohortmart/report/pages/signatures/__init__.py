"""Page of the report. Which contrasts are like published tables of other studies."""

from cohortmart.report.pages.signatures.page import signatures_page

__all__ = ["signatures_page"]
