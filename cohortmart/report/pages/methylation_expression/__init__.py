"""Page of the report. CpGs and genes that change together."""

from cohortmart.report.pages.methylation_expression.page import methylation_expression_page

__all__ = ["methylation_expression_page"]
