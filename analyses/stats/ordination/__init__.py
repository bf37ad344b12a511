"""Ordination of samples: principal components, multidimensional scaling."""
