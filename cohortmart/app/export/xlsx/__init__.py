"""Excel workbooks: the contrasts of an analysis, a sheet each."""
