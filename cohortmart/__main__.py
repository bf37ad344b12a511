"""`python -m cohortmart` is the command `cohortmart`."""

from cohortmart.app.cli import main

main()
