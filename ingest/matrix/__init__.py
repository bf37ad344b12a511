"""A matrix of the lake from the files of one assay: read, checked, summed, joined."""
