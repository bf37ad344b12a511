"""Search: every name that a study knows, while it is typed."""

from cohortmart.explore.answers.search.found import Found, found

__all__ = ["Found", "found"]
