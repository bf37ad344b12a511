"""Reading study.yml.

`load_study` gives the typed record, or one message with the line of the first fault. Paths are
relative to the study file; `${NAME}` and `${NAME:-default}` in them are environment variables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cohortmart.core.errors import StudyError
from cohortmart.core.study.derive_records import FILE_KEYS
from cohortmart.core.study.faults import (
    Fault,
    describe,
    from_pydantic,
    path_words,
    raise_first,
)
from cohortmart.core.study.paths import PathError, absolute, matching_files
from cohortmart.core.study.places import record_at, within
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.study.rules.study import validate_study
from cohortmart.core.study.values import Record
from cohortmart.core.study.yaml_positions import Document, KeyPath, read_document

#: Keys that the study file has and this version does not do yet, with the values that ask for
#: nothing and may therefore stand.
LATER_KEYS: Mapping[type[Record], Mapping[str, tuple[object, ...]]] = {}
_NOTHING: tuple[object, ...] = (None, [], {})


def load_study(path: Path | str, formats: Collection[str] | None = None) -> Study:
    """Read and check a study file.

    Whether the files it names exist is for ingest to say.

    Parameters
    ----------
    path : path
        The study file: UTF-8, YAML 1.2 (so `NO` and `1st` are text and `1e-6` is a number). A
        number in a list of names becomes the text it was written as: `007` stays `007`.
    formats : collection of str, optional
        Formats of matrix files that there are readers for; any other is a fault. Not checked if
        not given.

    Returns
    -------
    Study
        With every path absolute.

    Raises
    ------
    StudyError
        The file cannot be read or a fault stands in it; the first is told, with its line.
    """
    file = Path(path)
    document = read_document(file)
    if not isinstance(document.value, dict):
        raise StudyError(
            "this is not a study file",
            file=file,
            line=1,
            expected="`key: value` lines such as `study: my_study`",
            found=describe(document.value),
        )
    document = _lone_as_lists(document)
    preparation = _Preparation(document, base=file.absolute().parent, faults=[])
    prepared = preparation.prepare(document.value, ())
    faults = preparation.faults
    try:
        study = _one_curve_for_one_group(
            Study.model_validate(prepared, context={"formats": formats})
        )
    except ValidationError as error:
        # a path that could not be expanded has been reported and left as it was
        faults += from_pydantic(error.errors(include_url=False), document, LATER_KEYS)
        study = None
    if study is not None and not faults:
        study = study.with_derived()
        faults = validate_study(study, document)
    raise_first(faults, document)
    assert study is not None
    return _with_sheets(study)


def _with_sheets(study: Study) -> Study:
    """Give assays whose features are columns of the sample sheet the first sheet as their file."""
    sheet = study.samples[0].file
    of_sheet = {
        name: assay.model_copy(update={"files": (sheet,)})
        for name, assay in study.measured_assays.items()
        if not assay.files
    }
    return study.model_copy(update={"assays": {**study.assays, **of_sheet}})


def _one_curve_for_one_group(study: Study) -> Study:
    """Leave `by: group`, which a curve has unless told otherwise, out of a study without groups."""

    def mended(analysis: Analysis) -> Analysis:
        curve = analysis.model.curve
        if curve is None or "by" in curve.model_fields_set:
            return analysis
        model = analysis.model.model_copy(update={"curve": curve.model_copy(update={"by": None})})
        return analysis.model_copy(update={"model": model})

    if study.has_groups:
        return study
    analyses = {name: mended(analysis) for name, analysis in study.analyses.items()}
    return study.model_copy(update={"analyses": analyses})


def _lone_as_lists(document: Document) -> Document:
    """Give a lone sheet, and a lone `return_to`, the form of a list of one."""
    document = _as_list(document, ("samples",))
    analyses = document.at(("analyses",))
    for name in analyses if isinstance(analyses, dict) else ():
        document = _as_list(document, ("analyses", name, "return_to"))
    return document


def _as_list(document: Document, here: KeyPath) -> Document:
    """Give what stands at a place the form of a list of one, in the values and in the places."""
    lone, n = document.at(here), len(here)
    if not isinstance(lone, dict):
        return document

    def moved(path: KeyPath) -> KeyPath:
        return (*here, 0, *path[n:]) if path[:n] == here and len(path) > n else path

    def replaced(at: Any, path: KeyPath) -> Any:
        return {**at, path[0]: replaced(at[path[0]], path[1:])} if path else [lone]

    values = {moved(p): place for p, place in document.values.items()}
    keys = {moved(p): place for p, place in document.keys.items()}
    return replace(document, value=replaced(document.value, here), keys=keys, values=values)


@dataclass(frozen=True)
class _Preparation:
    """Copies the document for pydantic without what this version does not do, paths absolute."""

    document: Document
    base: Path
    faults: list[Fault]

    def prepare(self, value: Any, path: KeyPath) -> Any:
        if _is_file_list(path):
            return self._matched(value, path)
        if isinstance(value, list):
            return [self.prepare(item, (*path, i)) for i, item in enumerate(value)]
        if not isinstance(value, dict):
            return self._absolute(value, path) if _is_path(path) else value
        record = record_at(path)
        later = {} if record is None else LATER_KEYS.get(record, {})
        copy = {}
        for key, item in value.items():
            here = (*path, key)
            if key in later:
                if item not in (*_NOTHING, *later[key]):
                    self.faults.append(_not_yet(here, f"the key `{key}`"))
                continue
            if record is Study and key in ("derive", "reference", "analyses") and item is None:
                continue
            copy[key] = self.prepare(item, here)
        return copy

    def _matched(self, value: Any, path: KeyPath) -> Any:
        """Return the files of an assay: every pattern becomes the files that it matches."""
        if value is None or isinstance(value, dict):
            return value  # pydantic says what is wrong with it
        given = value if isinstance(value, list) else [value]
        prepared = [self._absolute(item, (*path, i)) for i, item in enumerate(given)]
        return [one for item in prepared for one in matching_files(item)]

    def _absolute(self, value: Any, path: KeyPath) -> Any:
        text = getattr(value, "text", value)
        if not isinstance(text, str) or not text:
            return value  # pydantic says what is wrong with it
        try:
            return absolute(text, self.base)
        except PathError as error:
            self.faults.append(
                Fault(
                    path,
                    f"the path in `{path_words(path, self.document)}` cannot be used: {error}",
                    expected="a path; ${NAME} or ${NAME:-default} for an environment variable",
                    found=text,
                    hint="set the variable, or give a default as in ${NAME:-../data}",
                )
            )
            return value


def _is_file_list(path: KeyPath) -> bool:
    """Say whether the files of an assay stand here, which may be patterns."""
    return len(path) == 3 and path[0] == "assays" and path[2] == "files"


def _is_path(path: KeyPath) -> bool:
    """Say whether a path to a file stands here."""
    match path:
        case ("samples", int(), "file") | ("assays", str(), "read", "transcripts"):
            return True
        case ("assays", str(), "detection_p" | "bead_count", *rest) | (
            "reference",
            "manifest" | "masks" | "gene_sets" | "genes",
            *rest,
        ):
            return len(rest) <= 1
        case ("derive", str(), str() as key):
            return key in FILE_KEYS
        case ("reference", "network") | ("reference", "network", "file"):
            return True
        case ("reference", "gene_lists", str()):
            return True
        case ("analyses", str(), "signatures", str()):
            return True
        case ("analyses", str(), "signatures", str(), "file"):
            return True
    return False


def _not_yet(path: KeyPath, what: str) -> Fault:
    """Return the fault for something planned that this version does not do."""
    record = record_at(path[:-1])
    assert record is not None, path
    return Fault(
        path,
        f"{what} {within(record)} is known, but this version of cohortmart does not do it yet",
        of_key=True,
        hint="leave it out for now",
    )
