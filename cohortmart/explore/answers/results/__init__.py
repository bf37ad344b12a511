"""Results of single features: their rows are read by number, not looked for."""

from cohortmart.explore.answers.results.by_feature import VALUES, results_of
from cohortmart.explore.answers.results.positions import POSITIONS, Layout, layouts

__all__ = ["POSITIONS", "VALUES", "Layout", "layouts", "results_of"]
