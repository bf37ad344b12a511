"""Readers of what programs that count reads write."""
