"""Withdrawal of a person or a file: it goes from every layer and does not come back."""
