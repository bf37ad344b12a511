"""Checks between the rows of the sample sheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study
from ingest.read.samples.sheet_join import JoinedSample
from ingest.read.samples.sheet_roles import Place, SheetRow


def check_groups(rows: Iterable[SheetRow]) -> dict[str, str]:
    """Check that every subject is in one group, over all sheets.

    Returns
    -------
    dict
        Subject to group, for the subjects whose group any sheet names.

    Raises
    ------
    IngestError
        A subject is in two groups; both rows are named.
    """
    known: dict[str, SheetRow] = {}
    for row in rows:
        if row.group is None:
            continue
        first = known.setdefault(row.subject, row)
        if first.group != row.group:
            raise IngestError(
                f"subject {row.subject} is in two groups",
                file=row.place.file,
                line=row.place.line,
                expected=f"{first.group}, as in {first.place}",
                found=row.group,
                hint="correct one of the two rows; a subject stays in its group",
            )
    return {subject: row.group for subject, row in known.items() if row.group is not None}


def check_visit_keys(rows: Iterable[SheetRow], columns: tuple[str, ...]) -> None:
    """Check that visit keys can be joined by `|` and told apart again.

    Raises
    ------
    IngestError
        A value holds the sign that separates the values of several columns.
    """
    if len(columns) < 2:
        return
    for row in rows:
        for column, value in row.visit_key.items():
            if "|" in value:
                raise IngestError(
                    "a value of a visit_key column holds the sign `|`, which separates the values",
                    file=row.place.file,
                    line=row.place.line,
                    column=column,
                    found=value,
                    hint="write another sign in its place",
                )


def check_sample_ids(joined: Iterable[JoinedSample]) -> None:
    """Check that every sample has a name of its own.

    Raises
    ------
    IngestError
        Two rows name the same sample; both are named.
    """
    known: dict[str | None, Place] = {}
    for sample in joined:
        row = sample.first
        if row.sample in known:
            raise IngestError(
                f"the sample {row.sample} is listed twice",
                file=row.place.file,
                line=row.place.line,
                expected="every sample once",
                found=f"{row.sample} in {known[row.sample]} and {row.place}",
                hint="take one row out, or correct its name",
            )
        known[row.sample] = row.place


def check_matrix_names(
    study: Study, joined: Iterable[JoinedSample]
) -> Mapping[str, Mapping[str, str]]:
    """Check that a name in an assay's matrix means one sample.

    Returns
    -------
    mapping
        Assay to a mapping from the name in the matrix to the sample_id.

    Raises
    ------
    IngestError
        Two samples have the same name in one assay; both rows are named.
    """
    samples = list(joined)
    names: dict[str, dict[str, str]] = {}
    for assay in study.measured_assays:
        known: dict[str, tuple[str, Place]] = {}
        for sample in samples:
            sample_id = sample.first.sample or ""
            for name, place in sample.names.get(assay, {}).items():
                other, other_place = known.setdefault(name, (sample_id, place))
                if other != sample_id:
                    raise IngestError(
                        f"the name {name} means two samples in the assay {assay}",
                        file=place.file,
                        line=place.line,
                        expected="one sample for each name in a matrix",
                        found=f"{other} ({other_place}) and {sample_id} ({place})",
                        hint="correct one of them, or join this sheet on more keys "
                        "(timepoint, cell_type, visit_key)",
                    )
        names[assay] = {name: sample_id for name, (sample_id, _) in sorted(known.items())}
    return names
