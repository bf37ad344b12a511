"""Result files: columns as Arrow, written as Parquet and switched to all at once."""
