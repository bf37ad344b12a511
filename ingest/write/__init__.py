"""Writes the lake's Parquet, atomically and with the same bytes for the same input."""
