"""Quality of samples: how alike they are, and which variables their differences follow."""
