"""Explorer: a finished study, asked by people in a browser and by agents."""
