{{ staged("results", "return_visit") }}
