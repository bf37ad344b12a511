{{ staged("results", "dmr") }}
