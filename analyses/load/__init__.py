"""From the warehouse, read-only, to arrays."""
