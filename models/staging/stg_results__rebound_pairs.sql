{{ staged("results", "rebound_pair") }}
