"""RDS files: what R reads with `readRDS`."""
