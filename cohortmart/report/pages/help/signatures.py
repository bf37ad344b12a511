"""Reading of the page on signatures: correlations, the scatter, the numbers."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "How alike contrasts and signatures are",
        "r is the correlation of the changes here with the estimates of a published table, over "
        "the features that both have. Beside it stands how far from 0 r lies in 95 of 100 "
        "contrasts without effect, made from the same samples by rotation: features that go "
        "together make it wider than the usual test of r believes. P counts all such contrasts. "
        "Below 0 the contrast goes against the table: look first which way round each of them "
        "counts. Where features go together between people more than within them, the number "
        "is too small for contrasts between groups.",
    ),
    (
        "A contrast beside a signature",
        "Each point is a feature: the published estimate across, the change here upwards. Coloured "
        "points are found here, there, or in both.",
    ),
    (
        "Contrasts beside signatures in numbers",
        "Ranks make r safe from a few large values; t weighs features by how sure they are. Same "
        "sign is the share of features that go the same way. In both counts features that pass "
        "the thresholds here and are on the table's own list, by chance what rotations give with "
        "lists of the same length; a table of found features alone has no such list. These P "
        "values come from 499 drawn rotations and are at least 0.004, of lists 0.002.",
    ),
)
