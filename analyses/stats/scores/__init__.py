"""Scores of samples: weighted sums, and activities of regulators."""
