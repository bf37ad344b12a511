"""One file a format: each turns a raw file into arrays and knows the lines they came from."""
