"""Sample sheets: csv, tsv, xlsx, SDRF, GEO series matrices."""
