{{ staged("lake", "probe") }}
