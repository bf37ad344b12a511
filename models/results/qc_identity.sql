{{ staged("results", "identity") }}
