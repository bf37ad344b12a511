"""Reading of the page on methods: files, derived assays, designs, contrasts."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "To repeat it",
        "The commands, with study.yml beside the input files. The same inputs and versions give "
        "the same numbers, to the last byte; equal SHA-256 say that two files are the same.",
    ),
    (
        "Derived assays",
        "Numbers that were made from another assay: from which layer, and how many of the features "
        "of their reference, weights or network that assay has. Counts are taken as log2 CPM.",
    ),
    (
        "Design matrix",
        "A row is a sample, a column a coefficient of the model; dark is the highest value of its "
        "column, pale the lowest. A contrast is the sum of the coefficients times its weights.",
    ),
    (
        "Contrasts",
        "Within: changes of the same people; between: different people; mixed: both. Complete "
        "people gave every sample that their part of the contrast names.",
    ),
)
