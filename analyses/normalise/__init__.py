"""From counts and betas to values a linear model can be fitted to."""
