"""Page 2, quality: whether the samples and the values can be trusted."""

from cohortmart.report.pages.quality.page import quality_page

__all__ = ["quality_page"]
