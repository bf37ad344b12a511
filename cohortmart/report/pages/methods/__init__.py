"""Page 7, methods: how the numbers came about, and how to make them again."""

from cohortmart.report.pages.methods.page import methods_page

__all__ = ["methods_page"]
