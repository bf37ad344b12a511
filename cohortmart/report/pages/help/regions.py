"""Reading of the page on regions: tracks, regions, numbers, those that swing back."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "What a region is",
        "Neighbouring CpGs that each change the same way at a P below 0.05. Its change is the mean "
        "over its CpGs, with an error that knows how neighbours correlate. As a region is chosen "
        "by the data that test it, its own P is too small; the family-wise P says how often the "
        "best region of a contrast without any effect has one as small. Found is 0.05 and less.",
    ),
    (
        "The strongest regions",
        "A panel is a stretch of a chromosome, a point is a CpG with its 95 % interval, the shade "
        "is the region. A place is shown once, in the contrast where it is strongest; squares are "
        "the change that follows, where the study pairs the two. Beneath lie genes, as far as "
        "their CpGs reach here, and CpG islands.",
    ),
    (
        "Regions that swing back",
        "Regions found in the first change of a pair, and what the same CpGs do in the second. P "
        "of both is the larger of the two family-wise P where the signs differ. The two changes "
        "share a timepoint, so chance draws the second against the first: the intervals are those "
        "of regions named beforehand.",
    ),
    (
        "Regions in numbers",
        "CpGs with neighbours are those with enough others beside them. Candidates by chance is "
        "how many a contrast without any effect has on average. Where neighbours go together "
        "between people more than within them, as variants of the DNA make them, contrasts "
        "between groups find more by chance than this says.",
    ),
)
