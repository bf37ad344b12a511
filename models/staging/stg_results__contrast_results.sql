{{ staged("results", "contrast_result") }}
