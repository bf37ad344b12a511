"""The output folder and its warehouse: build, open, SQL that is shared."""
