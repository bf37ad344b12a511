"""Gene set tests: over-representation, camera, pre-ranked enrichment."""
