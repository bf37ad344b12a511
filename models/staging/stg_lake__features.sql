{{ staged("lake", "feature") }}
