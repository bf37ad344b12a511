"""Page of the report. Designs, versions, inputs and notes."""

from cohortmart.report.pages.methods.page import methods_page

__all__ = ["methods_page"]
