"""The command line: its commands and what stands behind them."""
