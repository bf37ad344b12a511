"""Rows of a query as files: CSV, JSON, Parquet and Excel, a batch at a time."""
