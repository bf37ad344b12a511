"""A derived assay as files of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analyses.normalise.derived.methods import DerivedNumbers
from cohortmart.core.lake.file_manifest import Entry, write_table
from cohortmart.core.lake.hashed_tables import DIGITS
from cohortmart.core.lake.layers import part_of
from cohortmart.core.lake.matrix import write_matrix
from cohortmart.core.lake.matrix_samples import matrix_sample_rows, matrix_sample_table
from cohortmart.core.schemas.tables import DERIVED_ASSAY, FEATURE, MEASURE
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import DERIVED

#: Tables that a derived assay has a part in.
TABLES = ("derived_assay", "feature", "matrix", "matrix_sample", "measure")
_MARK = b"cohortmart.derived"


def derived_entries(lake: Path, assay: str, mark: str) -> tuple[Entry, ...] | None:
    """Return the files of a derived assay that was made from the same before, if they are there.

    Parameters
    ----------
    lake : Path
        The lake's folder.
    assay, mark : str
        Its name, and the fingerprint of what it is made from.
    """
    entries = _entries(assay, mark)
    if not all((lake / e.path).exists() for e in entries):
        return None
    matrix = next(e for e in entries if e.table_name == "matrix")
    metadata = pq.read_schema(lake / matrix.path).metadata or {}
    return entries if metadata.get(_MARK) == mark.encode() else None


def written_derived(
    lake: Path,
    assay: str,
    mark: str,
    numbers: DerivedNumbers,
    samples: tuple[Sequence[str], Sequence[str]],
    unit: str,
    provenance: dict[str, object],
) -> tuple[Entry, ...]:
    """Write a derived assay; it is not current before `switch_current`.

    Parameters
    ----------
    lake, assay, mark
        As for `derived_entries`.
    numbers : DerivedNumbers
    samples : (sequence of str, sequence of str)
        Names of the columns in the raw file of its source, and samples.
    unit : str
        Of the numbers.
    provenance : dict
        Row of `derived_assay`.
    """
    entries = _entries(assay, mark)
    paths = {e.table_name: lake / e.path for e in entries}
    order = sorted(range(len(numbers.names)), key=lambda i: numbers.names[i].encode())
    ids = pa.array([numbers.names[i] for i in order], pa.string())
    columns, sample_ids = samples
    rows = matrix_sample_rows(assay, CONTINUOUS, DERIVED, columns, sample_ids)
    write_table(matrix_sample_table(rows), paths["matrix_sample"])
    blocks = [(ids, numbers.values[order])]
    write_matrix(blocks, len(sample_ids), paths["matrix"], {_MARK: mark.encode()})
    feature = {"assay": assay, "kind": CONTINUOUS}
    measure = {"assay": assay, "unit": unit, "transform": "none", "transformed_unit": unit}
    for name, schema, row in (("feature", FEATURE, feature), ("measure", MEASURE, measure)):
        of_all = [{**row, "feature_id": feature_id} for feature_id in ids.to_pylist()]
        write_table(pa.Table.from_pylist(of_all, schema=schema), paths[name])
    write_table(pa.Table.from_pylist([provenance], schema=DERIVED_ASSAY), paths["derived_assay"])
    return entries


def _entries(assay: str, mark: str) -> tuple[Entry, ...]:
    part = part_of(assay, DERIVED)
    return tuple(
        Entry(table, part, f"{table}-{assay}-{DERIVED}-{mark[:DIGITS]}.parquet") for table in TABLES
    )
