"""Tables of methylation arrays, as GenomeStudio and others export them."""
