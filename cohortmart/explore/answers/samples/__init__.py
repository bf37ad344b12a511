"""Samples: which are alike, who each of them is, and what there is of a person."""

from cohortmart.explore.answers.samples.person import person_view
from cohortmart.explore.answers.samples.prepared import warm_samples
from cohortmart.explore.answers.samples.sample import sample_view
from cohortmart.explore.answers.samples.view import samples_view

__all__ = ["person_view", "sample_view", "samples_view", "warm_samples"]
