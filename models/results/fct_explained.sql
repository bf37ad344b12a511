{{ staged("results", "explained", named=true) }}
