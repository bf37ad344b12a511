"""The fit of an analysis: samples, response, linear model, contrasts."""
