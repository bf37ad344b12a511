"""CpG-gene pairs: methylation and expression that change together."""
