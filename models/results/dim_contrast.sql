{{ staged("results", "contrast") }}
