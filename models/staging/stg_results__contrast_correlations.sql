{{ staged("results", "contrast_correlation") }}
