{{ staged("results", "sample_correlation") }}
