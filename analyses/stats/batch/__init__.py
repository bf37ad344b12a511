"""Batch effects: ComBat and ComBat-seq."""
