"""Gene sets tested for more found genes, or for other ranks, than the rest has."""
