"""Pictures as Vega-Lite: what is drawn where, without the data."""
