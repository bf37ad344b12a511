"""Words of messages: lists, counts, the nearest known word."""
