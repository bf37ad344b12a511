{{ staged("results", "design_value") }}
