"""Lists: pasted genes or CpGs, what they do in a study and whether they are special."""

from cohortmart.explore.answers.listed.page import list_view

__all__ = ["list_view"]
