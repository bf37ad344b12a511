{{ staged("lake", "matrix_sample") }}
