"""Reading of the page of contrasts: volcano, mean-difference, P values, heat map, tables."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "Volcano plot",
        "A point is a gene, CpG or measure. Right: it rises; left: it falls; higher: chance alone "
        "explains it less. Found ones are coloured, the dashed line is the threshold, for adjusted "
        "P the largest P that passes. Of more than 20,000, squares count them (darker: more) and "
        "the 60 strongest are marks.",
    ),
    (
        "Change by mean level",
        "The same points by how strongly they are expressed or methylated. A cloud that lies level "
        "around zero is healthy. One that leans or bends follows the mean level, a sign of poor "
        "normalisation; large changes at the lowest levels only are noise.",
    ),
    (
        "Histogram of P values",
        "Without any difference all bars reach the dashed line. A peak at the left means real "
        "differences. A hill in the middle or at the right means that the model does not fit, or "
        "that samples which belong together were taken as independent.",
    ),
    (
        "Heat map of a contrast",
        "Its strongest found features in every sample of the analysis, those that rise above those "
        "that fall. Colours are differences from the mean of the row in standard deviations; a "
        "change that only one person makes is one block of colour.",
    ),
    (
        "Contrast tables",
        "Up and down count what passes the thresholds. Complete pairs are people with a sample at "
        "every timepoint that their part of the contrast needs; a comparison of different people "
        "has none. Where timepoints were shuffled within people, the expected number is what "
        "chance finds in these very samples, and its P how often it finds as many as observed.",
    ),
    (
        "Top features",
        "Sorted by P; a click on a column sorts anew. Search looks in names and ids, a whole name "
        "first; csv saves all rows that match, with the three digits that the page has. The SQL "
        "of a table gives everything.",
    ),
    (
        "Joint tests and other models",
        "A joint test (moderated F) says that something differs in any of several contrasts, not "
        "where. Other models: the strongest were fitted again with batch, people or covariates "
        "handled otherwise; one that holds in few models hangs on the model.",
    ),
)
