"""Page 1, overview: what was measured, what stands out, and what to beware of."""

from cohortmart.report.pages.overview.page import overview_page

__all__ = ["overview_page"]
