"""`python -m cohortmart` is the command `cohortmart`."""

from cohortmart.cli import main

main()
