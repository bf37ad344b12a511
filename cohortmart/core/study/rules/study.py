"""What must hold between the parts of a study; each fault with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from cohortmart.core.schemas.tables import SAMPLE_COLUMNS
from cohortmart.core.study.faults import NOUN_KEYS, NOUNS_EXPECTED, Fault, missing_key
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import ROLES, Assay, Study
from cohortmart.core.study.rules.derive import validate_derived
from cohortmart.core.study.rules.describe import validate_descriptions
from cohortmart.core.study.rules.findings import validate_findings
from cohortmart.core.study.rules.identity import validate_identity
from cohortmart.core.study.rules.model import validate_analysis
from cohortmart.core.study.rules.normalise import validate_normalisation
from cohortmart.core.study.timepoints import same_timepoint
from cohortmart.core.study.yaml_positions import Document, KeyPath

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: Letters of any language; words joined by one hyphen or one space.
_NOUN = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+)*")
_SAMPLES = ("sample", "samples")

#: Names that a study's own columns cannot have: dim_sample and the models use them already.
RESERVED_COLUMNS = frozenset({*SAMPLE_COLUMNS.names, *ROLES, "n_visits", "n_samples", "assay"})


def validate_study(study: Study, document: Document) -> list[Fault]:
    """Return what does not fit together in a study whose keys and types are right.

    Parameters
    ----------
    study : Study
        The record made from `document`.
    document : Document
        For which keys were written, and where.
    """
    return [
        *_check_sheets(study, document),
        *_check_levels(study, document),
        *_check_nouns(study, document),
        *validate_descriptions(study),
        *validate_identity(study),
        *_check_assays(study, document),
        *_check_names(study.derive, ("derive",), "assay"),
        *validate_derived(study, document),
        *_check_names(study.analyses, ("analyses",), "analysis"),
        *(
            fault
            for name, analysis in study.analyses.items()
            for fault in (
                *validate_analysis(study, analysis, ("analyses", name), document),
                *validate_findings(study, name, analysis, ("analyses", name)),
            )
        ),
    ]


def _check_sheets(study: Study, document: Document) -> Iterator[Fault]:
    """Check that the first sheet names what all samples must have and that names do not clash."""
    if study.samples[0].sample is None:
        yield missing_key(("samples", 0, "sample"), document)
    yield from _check_role_columns(study, document)
    kind_of: dict[str, tuple[str, str]] = {}
    for i, sheet in enumerate(study.samples):
        for key in ("visit_key", "factors", "covariates"):
            names: tuple[str, ...] = getattr(sheet, key)
            here: KeyPath = ("samples", i, key)
            yield from _repeated(names, here, f"`{key}`")
            for j, name in enumerate(names):
                if name.lower() in RESERVED_COLUMNS:
                    yield Fault(
                        (*here, j),
                        f"a column of the study cannot be called `{name}`",
                        expected="a name that the tables do not use themselves",
                        found=name,
                        hint=f"rename the column in the sheet; taken are "
                        f"{', '.join(sorted(RESERVED_COLUMNS))}",
                    )
                kind = "a number" if key == "covariates" else "a category"
                first, first_kind = kind_of.setdefault(name.lower(), (name, kind))
                if first != name:
                    yield Fault(
                        (*here, j),
                        f"`{name}` and `{first}` differ only in upper and lower case",
                        expected="names that stay different in SQL, which ignores case",
                        found=name,
                        hint="rename one of the two columns in the sheet",
                    )
                elif first_kind != kind:
                    yield Fault(
                        (*here, j),
                        f"`{name}` is declared both as {first_kind} and as {kind}",
                        expected="a column under `factors` or under `covariates`, not both",
                        found=name,
                        hint="remove it from one of the two lists",
                    )


def _check_role_columns(study: Study, document: Document) -> Iterator[Fault]:
    """Check that groups and timepoints have both a column and a list; one alone needs neither."""
    first, *others = study.samples
    roles = (
        ("group", "groups", study.groups, study.samples),
        ("timepoint", "timepoints", study.timepoints, (first,)),  # what further sheets join on
    )
    for role, key, levels, sheets in roles:
        named = any(getattr(sheet, role) is not None for sheet in sheets)
        later = next((n for n, s in enumerate(others, 1) if getattr(s, role) is not None), None)
        if named and key not in study.model_fields_set:
            yield missing_key((key,), document)
        elif not named and (len(levels) > 1 or later is not None):
            yield missing_key(("samples", 0, role), document)


def _check_levels(study: Study, document: Document) -> Iterator[Fault]:
    """Check that each time point and group stands once."""
    written = [getattr(t, "text", str(t)) for t in document.at(("timepoints",)) or ()]
    yield from _repeated(written, ("timepoints",), "`timepoints`")
    yield from _repeated(study.groups, ("groups",), "`groups`")
    for a, b in combinations(study.timepoints, 2):
        if a != b and same_timepoint(a, (b,)) is not None:
            yield Fault(
                ("timepoints", written.index(b)),
                f"the timepoints `{a}` and `{b}` are the same",
                expected="each timepoint once",
                found=f"{a} and {b}",
                hint="delete one of the two",
            )


def _check_nouns(study: Study, document: Document) -> Iterator[Fault]:
    """Check that what people and their timepoints are called reads as a noun does."""
    for key in NOUN_KEYS:
        if document.at((key,)) is None:
            continue
        for i, noun in enumerate(getattr(study, key)):
            if not _NOUN.fullmatch(noun):
                yield Fault(
                    (key, i),
                    f"`{noun}` cannot stand in a sentence",
                    expected="a noun of letters; a hyphen or a space may join two words",
                    found=noun,
                    hint="write it as it is to be read, without an article",
                )
            elif noun.lower() in _SAMPLES:
                yield Fault(
                    (key, i),
                    f"`{key}` cannot be `{noun}`: samples are called so already",
                    expected=NOUNS_EXPECTED,
                    found=noun,
                    hint="name who gives the samples, or when they are taken",
                )


def _check_assays(study: Study, document: Document) -> Iterator[Fault]:
    """Check the names of the assays and that their options fit the kind."""
    yield from _check_names(study.measured_assays, ("assays",), "assay")
    for name, assay in study.measured_assays.items():
        here: KeyPath = ("assays", name)
        yield from _repeated(map(str, assay.files), (*here, "files"), "`files`")
        if assay.sample is not None and assay.file is not None:
            yield _two_name_columns((*here, "file"), assay)
        if not assay.files and not (assay.kind == CONTINUOUS and assay.columns):
            yield missing_key((*here, "files"), document)
        for path, kind, written in _options_by_kind(assay, here):
            if written and assay.kind != kind:
                yield _not_of_kind(path, name, assay, kind)
        yield from validate_normalisation(study, name, assay)


def _options_by_kind(assay: Assay, here: KeyPath) -> Iterator[tuple[KeyPath, str, bool]]:
    """List the options that only one kind of assay has, and whether they were written."""
    yield (*here, "read", "sum_by"), "counts", assay.read.sum_by is not None
    for key in ("transcripts", "strandedness", "counts_from_abundance"):
        yield (*here, "read", key), "counts", key in assay.read.model_fields_set
    yield (*here, "file"), "counts", assay.file is not None
    yield (*here, "read", "collapse_replicates"), "beta", assay.read.collapse_replicates
    yield (*here, "read", "keep_signals"), "beta", assay.read.keep_signals
    for key in (
        "platform",
        "detection_p",
        "bead_count",
        "filter",
        "impute",
        "m_value_clip",
    ):
        yield (*here, key), "beta", key in assay.model_fields_set
    for key in ("columns", "unit", "transform", "below_detection"):
        yield (*here, key), CONTINUOUS, key in assay.model_fields_set
    yield (
        (*here, "read", "strip_version"),
        "counts",
        (assay.kind == CONTINUOUS and assay.read.strip_version),
    )


def _two_name_columns(path: KeyPath, assay: Assay) -> Fault:
    """Return the fault for an assay whose samples have two columns of names."""
    return Fault(
        path,
        "`sample` and `file` both say how the samples of the assay are called",
        of_key=True,
        expected="`sample`, names as in the files; or `file`, names of files of one sample each",
        found=f"`sample: {assay.sample}` and `file: {assay.file}`",
        hint="leave one of the two out",
    )


def _not_of_kind(path: KeyPath, name: str, assay: Assay, kind: str) -> Fault:
    """Return the fault for an option of another kind of assay."""
    return Fault(
        path,
        f"`{path[-1]}` is only for assays of kind {kind}",
        of_key=True,
        expected=f"`kind: {kind}`",
        found=f"`{name}` has `kind: {assay.kind}`",
        hint=f"leave `{path[-1]}` out, or correct the kind",
    )


def _check_names(names: Iterable[str], here: KeyPath, what: str) -> Iterator[Fault]:
    """Check that names which become part of file names are plain and differ in more than case."""
    seen: dict[str, str] = {}
    for name in names:
        if not _PLAIN.fullmatch(name):
            yield Fault(
                (*here, name),
                f"an {what} cannot be called `{name}`",
                of_key=True,
                expected="letters, digits, `_`, `-` and `.`, the first a letter or digit",
                found=name,
                hint="rename it; the name is used in file names",
            )
        first = seen.setdefault(name.lower(), name)
        if first != name:
            yield Fault(
                (*here, name),
                f"`{first}` and `{name}` differ only in upper and lower case",
                of_key=True,
                expected="names that make different files on every system",
                found=name,
                hint="rename one of the two",
            )


def _repeated(names: Iterable[str], here: KeyPath, what: str) -> Iterator[Fault]:
    """Report each entry that stood in the list before."""
    first_at: dict[str, int] = {}
    for i, name in enumerate(names):
        if first_at.setdefault(name, i) != i:
            yield Fault(
                (*here, i),
                f"`{name}` stands twice in {what}",
                expected="each entry once",
                found=f"entry {first_at[name] + 1} and again entry {i + 1}",
                hint="delete or correct one of the two",
            )
