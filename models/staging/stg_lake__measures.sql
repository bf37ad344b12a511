{{ staged("lake", "measure") }}
