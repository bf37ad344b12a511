"""Gene sets, gene lists and interaction networks."""
