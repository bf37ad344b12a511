{{ staged("results", "module_overlap") }}
