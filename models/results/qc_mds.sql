{{ staged("results", "mds_coordinate") }}
