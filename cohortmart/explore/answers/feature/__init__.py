"""Feature: one CpG, protein or other measure of an assay."""

from cohortmart.explore.answers.feature.page import feature_view

__all__ = ["feature_view"]
