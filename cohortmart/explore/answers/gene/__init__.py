"""Gene: its course, its contrasts, its CpGs, and where else it is named."""

from cohortmart.explore.answers.gene.page import gene_cpgs_view, gene_view

__all__ = ["gene_cpgs_view", "gene_view"]
