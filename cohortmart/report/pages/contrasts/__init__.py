"""Page 3, contrasts: what differs, one by one."""

from cohortmart.report.pages.contrasts.page import contrasts_page

__all__ = ["contrasts_page"]
