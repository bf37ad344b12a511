"""Answers: what is asked of a warehouse, as pages of the report's blocks."""
