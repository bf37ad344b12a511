"""A finished study for programs: notebooks now, an explorer and agents later.

Everything here takes values as parameters, never as text in SQL, and can answer in Arrow. Which
names are public is said in `cohortmart/__init__.py` alone.
"""
