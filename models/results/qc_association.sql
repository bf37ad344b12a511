{{ staged("results", "variable_association") }}
