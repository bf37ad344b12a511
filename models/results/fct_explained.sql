{{ staged("results", "explained") }}
