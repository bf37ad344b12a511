"""Module: the genes of the network around those that swing back."""

from cohortmart.explore.answers.module.page import module_view

__all__ = ["module_view"]
