"""Checks between the rows of the sample sheets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study
from ingest.read.samples.sheet import Row, Sheet, is_missing
from ingest.read.samples.sheet_join import JoinedSample
from ingest.read.samples.sheet_roles import Place, SheetRow


def groups_of_subjects(rows: Iterable[SheetRow]) -> dict[str, tuple[str, ...]]:
    """Return the groups that the sheets name for each subject, in the order of the rows.

    A subject may change its group, as in a cross-over.
    """
    known: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.group is not None:
            known.setdefault(row.subject, {})[row.group] = None
    return {subject: tuple(groups) for subject, groups in known.items()}


def check_group(study: Study, sample: JoinedSample, groups: Mapping[str, tuple[str, ...]]) -> str:
    """Return the group of a sample: what its rows say, else that of its subject.

    Parameters
    ----------
    study : Study
    sample : JoinedSample
    groups : mapping of str to tuple of str
        From `groups_of_subjects`.

    Raises
    ------
    IngestError
        No sheet names the group, or the subject has several and no row of the sample says which.
    """
    row = sample.first
    if sample.group is not None:
        return sample.group[0]
    of_subject = groups.get(row.subject, ())
    if len(of_subject) == 1:
        return of_subject[0]
    if not any(sheet.group for sheet in study.samples):
        return study.groups[0]
    if not of_subject:
        raise IngestError(
            f"no sheet says in which group subject {row.subject} is",
            file=row.place.file,
            line=row.place.line,
            expected=f"one of {', '.join(study.groups)}",
            hint="name a column under `group` for this sheet",
        )
    raise IngestError(
        f"subject {row.subject} is in several groups, and no sheet says in which sample "
        f"{row.sample} is",
        file=row.place.file,
        line=row.place.line,
        expected=f"one of {', '.join(of_subject)} for each sample",
        hint="name a column under `group` for this sheet, too",
    )


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


def refuse_contradictions(sheet: Sheet, key: str, used: Collection[str]) -> None:
    """Check that the lines of one sample agree in the columns that study.yml uses.

    Raises
    ------
    IngestError
        Two lines of a sample differ; both are named.
    """
    columns = [(n, name) for n, name in enumerate(sheet.columns) if name in used]
    at = sheet.position(key)
    known: dict[tuple[str, str], tuple[str, int]] = {}
    for row in sheet.rows:
        for n, column in columns if not is_missing(row.cells[at]) else ():
            cell = row.cells[n]
            if is_missing(cell):
                continue
            first, line = known.setdefault((row.cells[at], column), (cell, row.line))
            if first != cell:
                raise _listed_twice(sheet, row, row.cells[at], column, first, line)


def _listed_twice(
    sheet: Sheet, row: Row, sample: str, column: str, first: str, line: int
) -> IngestError:
    return IngestError(
        f"the sample {sample} is listed twice, and its lines differ in `{column}`, which "
        "study.yml uses",
        file=sheet.file,
        line=row.line,
        column=column,
        expected=f"lines of one sample that agree, as one a lane do: {first}, as in line {line}",
        found=f"{row.cells[sheet.position(column)]}, and {first} in line {line}",
        hint="correct one of the lines, or the name of the sample; if these are lanes of one "
        "sample with columns of their own in the matrix, give each line its name there and name "
        "the column that says what belongs together under `library`",
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
