"""From raw files to the lake: read, check, write."""
