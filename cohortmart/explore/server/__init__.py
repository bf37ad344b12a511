"""Server of the explorer: HTTP, who may ask, HTML. It knows no table."""
