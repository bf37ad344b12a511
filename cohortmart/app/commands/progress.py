"""Progress on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cohortmart.core.progress import listening

if TYPE_CHECKING:
    from cohortmart.app.commands.progress_bars import ProgressBars


class Progress:
    """Says what goes on, always on standard error, so that output can be piped.

    Parameters
    ----------
    quiet : bool
        Say nothing at all.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._on_terminal = sys.stderr.isatty() and not quiet
        #: Seconds of each finished step, in order.
        self.seconds: dict[str, float] = {}

    def say(self, line: str) -> None:
        """Print one line that stays."""
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[None]:
        """Show `doing`, and how far it is, while the block runs; record its seconds under `name`.

        Parameters
        ----------
        name : str
            Short name of the step, as in `seconds`.
        doing : str
            What to tell people meanwhile.
        """
        began = time.monotonic()
        if self._on_terminal:
            with _bars(doing) as bars, listening(bars):
                yield
        else:
            self.say(f"{doing} …")
            yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began


@contextmanager
def _bars(doing: str) -> Iterator[ProgressBars]:
    """Show bars below the lines that are said; the terminal is as before when the block ends."""
    from cohortmart.app.commands.progress_bars import ProgressBars

    with ProgressBars(doing) as bars:
        yield bars
