{{ staged("results", "sensitivity", named=true) }}
