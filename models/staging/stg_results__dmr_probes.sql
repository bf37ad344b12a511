{{ staged("results", "dmr_probe") }}
