{{ staged("results", "explained_variable") }}
