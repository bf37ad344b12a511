"""Changes within people, parted into what other variables' changes explain and what remains."""
