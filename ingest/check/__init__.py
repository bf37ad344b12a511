"""What must hold before a raw file enters the lake; each breach is one clear error."""
