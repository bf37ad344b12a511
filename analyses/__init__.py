"""From the lake to contrasts: loading, models, statistics and results."""
