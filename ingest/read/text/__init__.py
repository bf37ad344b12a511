"""Text files: compression, encoding, lines, columns, and where an error stands."""
