"""The study.yml of an output folder: the order of its names, and its nouns."""

from __future__ import annotations

from typing import Any

from cohortmart.core.study.timepoints import in_order
from cohortmart.core.study.values import as_written
from cohortmart.core.study.yaml_positions import read_document
from cohortmart.core.text import Nouns, nouns
from cohortmart.core.warehouse.home import Home


class StudyCopy:
    """What of a study is not in its tables, read without checking it again.

    Parameters
    ----------
    home : Home
        The output folder; without a copy its name is that of the study.
    """

    def __init__(self, home: Home) -> None:
        root = read_document(home.study_copy).value if home.study_copy.exists() else {}
        self._root: dict[str, Any] = root if isinstance(root, dict) else {}
        self.study = str(self._root.get("study", home.root.name))

    @property
    def nouns(self) -> Nouns:
        """What the study calls people and the times they come at."""
        return nouns(self._root.get("subject_noun"), self._root.get("timepoint_noun"))

    def sorted(self, key: str, there: set[str]) -> tuple[str, ...]:
        """Return the names that are there: as study.yml orders them, others behind."""
        written = self._root.get(key) or ()
        if key == "timepoints":
            written = in_order(written)
        named = [str(as_written(name)) for name in written]
        known = [name for name in named if name in there]
        return (*known, *sorted(there - set(known)))
