"""Reading of the first page: courses, volcano, heat map, who was measured."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "Courses",
        "A panel is a gene or a CpG. Thin lines are single people, thick ones the means of the "
        "groups; the shaded band holds the true mean with 95 % confidence. Values are not "
        "corrected for covariates, and each panel has a scale of its own.",
    ),
    (
        "Heat map",
        "A row is a gene or a CpG, a column a sample, people side by side within their group and "
        "each with their timepoints in order. Colours are differences from the mean of the row in "
        "standard deviations: purple is higher, green lower.",
    ),
    (
        "Sentences",
        "The strongest finding of each kind, three at most: rebound, change over time, difference "
        "between groups, CpG-gene pairs, gene sets. The other pages show all.",
    ),
    (
        "Who was measured",
        "A row is a person, a column a timepoint. A filled square is a sample that was measured, a "
        "cross one that was left out for its quality, an empty place a timepoint without this "
        "measurement. Where people are many or may not be shown, they are counted.",
    ),
)
