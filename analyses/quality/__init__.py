"""What the samples of an assay look like together: components, maps, correlations, variables."""

from analyses.quality.assays import quality

__all__ = ["quality"]
