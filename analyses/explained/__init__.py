"""Changes within people: how much of each is only a change of other variables."""
