"""Page 3: what differs, contrast by contrast."""

from cohortmart.report.pages.contrasts.page import contrasts_page

__all__ = ["contrasts_page"]
