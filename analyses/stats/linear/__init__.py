"""Linear models of many features: least squares, weights, contrasts."""
