{{ staged("results", "dmr_summary") }}
