"""Rebound: what changes and swings back in one group and not in another."""

from cohortmart.explore.answers.rebound.page import has_rebound, rebound_view
from cohortmart.explore.answers.rebound.table import rebound_rows

__all__ = ["has_rebound", "rebound_rows", "rebound_view"]
