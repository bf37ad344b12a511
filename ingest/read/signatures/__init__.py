"""Published tables of another study: features, estimates, errors and P values."""
