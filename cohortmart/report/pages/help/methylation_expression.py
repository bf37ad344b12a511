"""Reading of the page on methylation and expression: pairs, courses, tracks."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "Change in methylation against change in expression",
        "Right: the CpG is more methylated in the first term of the contrast; top: the gene is "
        "more expressed. Delta beta is the difference of the share of methylated copies, -1 to 1. "
        "Each corner says how many pairs it holds. The middle is empty, as both sides of a pair "
        "passed the thresholds of their analyses.",
    ),
    (
        "Pairs by contrast and direction",
        "Opposite: the CpG is more methylated where the gene is less expressed, or the reverse; "
        "same: both go up or both down. Genes with a changed CpG are counted whether or not their "
        "expression changes.",
    ),
    (
        "Pairs that move together",
        "r is the correlation of methylation and expression over the timepoints within people: -1 "
        "means that expression falls whenever methylation rises. The pairs were chosen because "
        "both change in these people, so r and its P value put them in order of interest; they "
        "prove no pair, and do not say which of the two drives the other.",
    ),
    (
        "A gene and its CpGs",
        "Above the mean expression, where one unit of log2 CPM is twice as much RNA; below a step "
        "along the axis for each CpG in genomic order, its dots the timepoints from left to right. "
        "Bands and bars are 95 % intervals. The strip at the foot says what part of the gene the "
        "CpG lies in; a black triangle marks one that changes together with the gene.",
    ),
)
