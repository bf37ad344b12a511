"""Page of the variance: how bound to the person features are, and to what else."""

from cohortmart.report.pages.variance.page import variance_page

__all__ = ["variance_page"]
