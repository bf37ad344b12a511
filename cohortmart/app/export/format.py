"""A format of exports: its name, what it needs, and what writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cohortmart.app.export.selection import Selection
from cohortmart.core.errors import InputError


@dataclass(frozen=True)
class Format:
    """One format.

    Parameters
    ----------
    name : str
        As `--to` takes it.
    words : str
        What it gives, for people.
    write : callable
        Takes the selection and an empty folder, which it fills.
    package : str
        What has to be installed, by the name it is imported under; empty = nothing. The extra
        of the distribution is called like the format.
    only_samples : bool
        It holds nothing but values of samples, so that there is none with pseudonyms.
    """

    name: str
    words: str
    write: Callable[[Selection, Path], None]
    package: str = ""
    only_samples: bool = False

    def require(self) -> None:
        """Raise an InputError that says how to install what is missing."""
        if self.package and find_spec(self.package) is None:
            raise InputError(
                f"--to {self.name} needs the package {self.package}, which is not installed",
                hint=f"pip install 'cohortmart[{self.name}]'",
            )
