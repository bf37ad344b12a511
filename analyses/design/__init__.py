"""The model of an analysis: its matrix, its contrasts and what they mean."""
