"""How a hit fares under other models: batch, subject and covariates handled otherwise."""
