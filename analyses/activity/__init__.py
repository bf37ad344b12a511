"""Activities of regulators in contrasts."""
