"""The headers of all files of one assay, read once and handed on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cohortmart.core.study.records import Assay
from ingest.check.matrix import check_header, check_samples_once
from ingest.matrix.detection import HeaderReader, read_quality_headers
from ingest.matrix.merged_notes import merged_notes
from ingest.read.formats import read_header, settled_together
from ingest.read.matrix.records import FURTHER, MatrixHeader


@dataclass(frozen=True)
class AssayHeaders:
    """What the files of an assay say before a value is read.

    Parameters
    ----------
    values : tuple of MatrixHeader
        Of its matrix files, in the order of study.yml.
    quality : mapping of str to tuple of MatrixHeader
        Of the files that `detection_p` and `bead_count` name, by these.
    """

    values: tuple[MatrixHeader, ...]
    quality: Mapping[str, tuple[MatrixHeader, ...]]

    @property
    def samples(self) -> list[str]:
        """Samples of the matrix files, in order."""
        return [name for header in self.values for name in header.samples]

    @property
    def further(self) -> tuple[str, ...]:
        """Further matrices that any file gives."""
        given = {name for header in self.values for name in header.further} | set(self.quality)
        return tuple(name for name in FURTHER if name in given)

    def without(self, samples: Collection[str]) -> AssayHeaders:
        """Return the headers of files that hold other samples than these."""
        left = tuple(h for h in self.values if not set(h.samples) <= set(samples))
        return replace(self, values=left)


def read_headers(
    assay: Assay,
    known_samples: Collection[str] = (),
    read: HeaderReader = read_header,
) -> AssayHeaders:
    """Read the headers of an assay's matrix files and of those that say how good they are.

    Parameters
    ----------
    assay : Assay
        Names the files.
    known_samples : collection of str
        Names that the sheets give to the assay's samples, see `ingest.read.formats`.
    read : callable
        Reads one header, as `formats.read_header` does.

    Raises
    ------
    IngestError
        A file cannot be read, a sample has no name or stands twice, or a file of detection p or
        bead counts does not fit the betas.
    """
    values = settled_together([read(p, assay, known_samples) for p in assay.files], assay)
    for header in values:
        check_header(header)
    check_samples_once(values)
    samples = [name for header in values for name in header.samples]
    return AssayHeaders(values, read_quality_headers(assay, known_samples, samples, read))


def header_notes(headers: AssayHeaders) -> tuple[str, ...]:
    """Return what the headers of an assay's files say to the user; once what many say."""
    notes = [note for header in headers.values for note in header.notes]
    return merged_notes(notes, [header.path.name for header in headers.values])
