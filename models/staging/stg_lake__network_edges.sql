{{ staged("lake", "network_edge") }}
