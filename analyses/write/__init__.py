"""Results as Parquet, switched to all at once."""
