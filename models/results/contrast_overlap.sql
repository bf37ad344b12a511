{{ staged("results", "contrast_overlap") }}
