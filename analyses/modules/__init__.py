"""Disease modules around the genes that rebound."""
