"""Mixed models: block correlation, restricted likelihood, random intercepts."""
