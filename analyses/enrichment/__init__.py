"""Gene set enrichment of what an analysis found."""
