"""Text files: compression, encoding, lines, columns, and where a fault stands."""
