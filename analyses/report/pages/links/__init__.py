"""Page 5: methylation and expression of the same genes."""

from analyses.report.pages.links.page import links_page

__all__ = ["links_page"]
