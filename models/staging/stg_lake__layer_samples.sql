{{ staged("lake", "layer_sample") }}
