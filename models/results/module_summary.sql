{{ staged("results", "module_summary") }}
