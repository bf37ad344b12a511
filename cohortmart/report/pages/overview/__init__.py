"""Page 1: what was measured, what stands out, and what to beware of."""

from cohortmart.report.pages.overview.page import glance_page

__all__ = ["glance_page"]
