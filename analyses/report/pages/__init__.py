"""The pages of the report, one file each: rows of the warehouse to blocks."""
