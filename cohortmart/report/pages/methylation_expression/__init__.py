"""Page 5: methylation and expression of the same genes."""

from cohortmart.report.pages.methylation_expression.page import links_page

__all__ = ["links_page"]
