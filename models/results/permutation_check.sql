{{ staged("results", "permutation_check") }}
