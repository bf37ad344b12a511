{{ staged("results", "sample_set") }}
