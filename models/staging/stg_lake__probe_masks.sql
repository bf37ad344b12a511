{{ staged("lake", "probe_mask") }}
