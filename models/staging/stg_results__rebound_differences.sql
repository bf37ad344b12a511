{{ staged("results", "rebound_difference") }}
