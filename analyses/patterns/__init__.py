"""What contrasts say together: pairs, rebound, overlaps, and genes with their CpGs."""
