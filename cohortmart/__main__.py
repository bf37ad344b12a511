"""`python -m cohortmart` is the command `cohortmart`."""

import os
import sys

# Python puts the folder that someone stands in first; of it nothing is run but this package.
_HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
if not sys.flags.safe_path and os.path.realpath(sys.path[0]) != _HERE:
    del sys.path[0]

from cohortmart.app.cli import main  # noqa: E402

main()
