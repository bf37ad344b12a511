"""Return towards a reference: differences from it at baseline, and how much of them is gone."""
