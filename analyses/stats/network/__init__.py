"""Networks: graphs, DIAMOnD disease modules."""
