"""Gene set: its genes, and in which contrasts it is enriched."""

from cohortmart.explore.answers.gene_set.page import set_view

__all__ = ["set_view"]
