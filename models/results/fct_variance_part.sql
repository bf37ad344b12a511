{{ staged("results", "variance_part", named=true) }}
