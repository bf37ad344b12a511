"""Files that derived assays are made with: cell type profiles, weights of scores, networks."""
