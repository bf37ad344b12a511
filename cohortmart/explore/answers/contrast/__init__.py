"""Contrasts: the list of all, and each with its pictures, its rows and its thresholds."""

from cohortmart.explore.answers.contrast.served import (
    contrast_counts,
    contrast_download,
    contrast_rows,
)
from cohortmart.explore.answers.contrast.view import contrast_view

__all__ = ["contrast_counts", "contrast_download", "contrast_rows", "contrast_view"]
