"""What is to be read for each assay, found out from headers and checksums alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay, Study
from ingest.check.count_scale import counts_needed
from ingest.checksums import Checksums
from ingest.forget.forgotten import Forgotten
from ingest.matrix.assay_headers import AssayHeaders, read_headers
from ingest.matrix.matrix_file import Origin, raw_origin
from ingest.matrix.paired_ids import PAIRED_IDS_VERSION, has_pairs
from ingest.matrix.pools import pools_of
from ingest.read.formats import reader_version
from ingest.read.matrix.counter_rows import COUNTER_ROWS_VERSION


@dataclass(frozen=True)
class Plan:
    """One assay that is to be in the lake.

    Parameters
    ----------
    name : str
        The assay's name.
    assay : Assay
        Its block of study.yml.
    origin : Origin
        What its matrix is made from, without the columns of forgotten subjects.
    left_out : tuple of str
        Those columns.
    headers : AssayHeaders
        What its files say, forgotten columns included.
    needs_counts : tuple of str
        What of the study needs counts of it, see `ingest.check.count_scale`.
    also : tuple of (Path, str)
        Files without samples that the matrix is made from, too, each with its SHA-256.
    """

    name: str
    assay: Assay
    origin: Origin
    left_out: tuple[str, ...]
    headers: AssayHeaders
    needs_counts: tuple[str, ...] = ()
    also: tuple[tuple[Path, str], ...] = ()

    @property
    def used(self) -> tuple[tuple[Path, str], ...]:
        """Files of which anything is in the matrix, each with its SHA-256.

        Those are not used that hold nothing but columns of forgotten subjects.
        """
        paths = (*self.assay.files, *self.assay.detection_p, *self.assay.bead_count)
        made_from = (*self.origin.files, *self.origin.quality)
        pairs = zip(paths, made_from, strict=True)
        return tuple((path, sha256) for path, (sha256, columns) in pairs if columns)

    @property
    def used_files(self) -> tuple[Path, ...]:
        """The same without the SHA-256."""
        return tuple(path for path, _ in self.used)

    @property
    def reader_version(self) -> str:
        """Version of what reads the files."""
        return _reader_version(self.assay, self.headers)


def plan_assays(
    study: Study,
    checksums: Checksums,
    forgotten: Forgotten,
    forgotten_names: Mapping[str, frozenset[str]],
    known_names: Mapping[str, Mapping[str, str]],
    libraries: Collection[str] = (),
) -> list[Plan]:
    """Plan every assay of a study.

    Parameters
    ----------
    study : Study
        Names the files.
    checksums : Checksums
        Takes those of the files.
    forgotten : Forgotten
        What must not come back.
    forgotten_names : mapping
        Assay to the columns that the sheets give to forgotten subjects.
    known_names : mapping
        Assay to all the names that the sheets give to its samples, and the sample of each.
    libraries : collection of str
        Samples whose columns are merged.

    Raises
    ------
    IngestError
        A file cannot be read, was forgotten, or nothing of an assay is left.
    """
    plans = []
    for name, assay in sorted(study.measured_assays.items()):
        headers = read_headers(assay, frozenset(known_names[name]), checksums.read_header)
        of_quality = [header for given in headers.quality.values() for header in given]
        also = tuple((path, checksums.of(path)) for path in _also(assay))
        whole = raw_origin(
            name,
            assay,
            [(checksums.of(h.path), h.samples) for h in headers.values],
            [(checksums.of(h.path), h.samples) for h in of_quality],
            _reader_version(assay, headers),
            pools_of(headers.samples, known_names[name], libraries),
            also=[sha256 for _, sha256 in also],
            genes=[checksums.of(p) for p in study.reference.genes] if of_genes(assay) else (),
        )
        left_out = tuple(
            column
            for column in whole.raw_columns
            if column in forgotten_names[name] or forgotten.has_column(name, column)
        )
        origin = whole.without(left_out)
        if not origin.columns:
            raise IngestError(
                f"every sample of the assay {name} is of a forgotten subject",
                file=assay.files[0],
                hint=f"take the assay {name} out of study.yml, or give it other files",
            )
        needed = counts_needed(study, name) if assay.kind == "counts" else ()
        plans.append(Plan(name, assay, origin, left_out, headers, needed, also))
    return plans


def of_genes(assay: Assay) -> bool:
    """Whether the features of an assay are genes, whose ids and names are looked at."""
    return assay.kind == "counts"


def _reader_version(assay: Assay, headers: AssayHeaders) -> str:
    quality = (header for given in headers.quality.values() for header in given)
    version = reader_version([*headers.values, *quality])
    if not of_genes(assay):
        return version
    paired = f"+{PAIRED_IDS_VERSION}" if any(map(has_pairs, headers.values)) else ""
    return f"{version}+{COUNTER_ROWS_VERSION}{paired}"


def _also(assay: Assay) -> tuple[Path, ...]:
    """Return the files without samples that a matrix is made from, too."""
    return () if assay.read.transcripts is None else (assay.read.transcripts,)
