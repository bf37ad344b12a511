"""Disease modules: arrays in, arrays out."""
