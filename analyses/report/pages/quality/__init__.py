"""Page 2: whether the samples and the values can be trusted."""

from analyses.report.pages.quality.page import quality_page

__all__ = ["quality_page"]
