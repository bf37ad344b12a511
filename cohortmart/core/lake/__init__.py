"""The lake's files, for the rooms that write it: ingest (raw) and normalise (further layers)."""
