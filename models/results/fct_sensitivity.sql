{{ staged("results", "sensitivity") }}
