"""Queries: SQL of a person or an agent, with limits."""

from cohortmart.explore.answers.queries.limited import Answered, Limits, Queries

__all__ = ["Answered", "Limits", "Queries"]
