"""MuData files: what scverse reads with `mudata.read`."""
