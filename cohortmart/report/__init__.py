"""The report: one page that opens anywhere, made from the warehouse's tables alone."""
