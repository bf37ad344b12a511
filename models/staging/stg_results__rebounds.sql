{{ staged("results", "rebound") }}
