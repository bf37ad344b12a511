"""Comparison of two contrasts: what changes in both, beside what chance alone would give."""

from cohortmart.explore.answers.compare.view import compare_view

__all__ = ["compare_view"]
