{{ staged("results", "identity_pair") }}
