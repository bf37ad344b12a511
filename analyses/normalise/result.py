"""The result of a normalisation step: a new layer, and what is said of its samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyses.normalise.source import MatrixRows


@dataclass(frozen=True)
class SampleNote:
    """What a step says about one sample.

    Parameters
    ----------
    sample_id : str
    fault : str or None
        Why it could not be normalised; it is not in the new layer.
    n_moved : int or None
    type_distance_before, type_distance_after : float or None
        See `cohortmart.core.schemas.tables.LAYER_SAMPLE`.
    """

    sample_id: str
    fault: str | None = None
    n_moved: int | None = None
    type_distance_before: float | None = None
    type_distance_after: float | None = None


@dataclass(frozen=True, eq=False)
class StepResult:
    """A new layer, ready to be written.

    Parameters
    ----------
    rows : iterator
        Its values, features sorted by id; can be taken once.
    samples : tuple of SampleNote
        In the order of the source; those without a fault are the columns of `rows`.
    n_changed : int
        Features that the step could and did change.
    notes : tuple of str
        What the user should know.
    """

    rows: Iterator[MatrixRows]
    samples: tuple[SampleNote, ...]
    n_changed: int
    notes: tuple[str, ...] = field(default=())

    @property
    def kept(self) -> tuple[str, ...]:
        """Samples of the new layer, in order."""
        return tuple(note.sample_id for note in self.samples if note.fault is None)
