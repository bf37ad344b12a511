"""Page 5, methylation and expression of the same genes."""

from cohortmart.report.pages.methylation_expression.page import methylation_expression_page

__all__ = ["methylation_expression_page"]
