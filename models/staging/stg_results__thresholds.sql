{{ staged("results", "threshold") }}
