"""Page 1: what was measured, what stands out, and what to beware of."""

from analyses.report.pages.glance.page import glance_page

__all__ = ["glance_page"]
