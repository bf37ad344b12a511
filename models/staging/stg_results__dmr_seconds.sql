{{ staged("results", "dmr_second") }}
