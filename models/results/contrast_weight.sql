{{ staged("results", "contrast_weight") }}
