"""Page 3: what differs, contrast by contrast."""

from analyses.report.pages.contrasts.page import contrasts_page

__all__ = ["contrasts_page"]
