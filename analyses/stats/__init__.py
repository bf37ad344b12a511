"""Statistics on plain arrays: arrays in, frozen records out; no files, tables or databases."""
