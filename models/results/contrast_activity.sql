{{ staged("results", "contrast_activity") }}
