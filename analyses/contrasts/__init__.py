"""The contrasts of an analysis: fitted, moderated, compared, and written as one set of tables."""
