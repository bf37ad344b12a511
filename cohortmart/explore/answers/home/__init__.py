"""First page of the explorer: what there is, and where to begin."""

from cohortmart.explore.answers.home.page import home_view, make_home

__all__ = ["home_view", "make_home"]
