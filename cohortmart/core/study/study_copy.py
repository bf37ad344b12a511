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

    def batches_taken_out(self, assay: str) -> set[str]:
        """Return the batches that `normalise` took out of an assay, or of what it is made from.

        Parameters
        ----------
        assay : str
        """
        found: set[str] = set()
        seen: set[str] = set()
        name: Any = assay
        while isinstance(name, str) and name not in seen:
            seen.add(name)
            found |= _batches(_part(self._root, "assays", name).get("normalise"))
            name = as_written(_part(self._root, "derive", name).get("from"))
        return found


def _part(root: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    """Return what study.yml says of one of several, nothing where it says nothing."""
    parts = root.get(key)
    part = parts.get(name) if isinstance(parts, dict) else None
    return part if isinstance(part, dict) else {}


def _batches(steps: Any) -> set[str]:
    """Return the batches that steps of `normalise` name."""
    listed = steps if isinstance(steps, (list, tuple)) else [steps]
    options = [o for step in listed if isinstance(step, dict) for o in step.values()]
    named = [o["batch"] for o in options if isinstance(o, dict) and "batch" in o]
    return {str(as_written(batch)) for batch in named}
