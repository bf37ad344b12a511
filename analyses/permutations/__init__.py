"""Permutation tests: contrasts checked by visits that change places within each person."""
