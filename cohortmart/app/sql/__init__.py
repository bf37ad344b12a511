"""`cohortmart sql`: queries and how their rows are printed."""
