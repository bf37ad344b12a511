"""Words of messages: lists of names, numbers of things, the nearest known word, a study's nouns."""

from cohortmart.core.text.lists import joined, listed
from cohortmart.core.text.nearest import did_you_mean, nearest
from cohortmart.core.text.nouns import Noun, Nouns, capital, nouns
from cohortmart.core.text.numbers import counted
from cohortmart.core.text.thresholds import threshold_words

__all__ = [
    "Noun",
    "Nouns",
    "capital",
    "counted",
    "did_you_mean",
    "joined",
    "listed",
    "nearest",
    "nouns",
    "threshold_words",
]
