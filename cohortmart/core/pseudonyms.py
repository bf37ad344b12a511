"""Pseudonyms: numbers in place of the ids of people and samples, kept in the output folder."""

from __future__ import annotations

import csv
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.text import Noun, nouns

KEY_FILE = "pseudonyms.csv"
SUBJECT, SAMPLE = "subject", "sample"
_COLUMNS = ("kind", "name", "pseudonym")
#: What a text on single people or samples names.
_OF_IDS = re.compile(r"\b(subject|sample)_id\b")


@dataclass(frozen=True)
class Names:
    """Names shown in place of ids.

    Parameters
    ----------
    pseudonymised : bool
        Whether they differ from the ids.
    subjects, samples : mapping of str to str
        Shown name by id.
    """

    pseudonymised: bool
    subjects: Mapping[str, str]
    samples: Mapping[str, str]
    _patterns: tuple[re.Pattern[str], re.Pattern[str]] | None = field(default=None, compare=False)

    def words(self, text: str) -> str:
        """Return a text with the shown names in place of the ids that stand in it.

        Notes
        -----
        An id is found as a whole word, as a part of a name between underscores, and behind
        `subject`, as a model names its columns. Ids of digits only are found in quotes, or they
        would take every number for a person, and ids that are also a group or a timepoint not at
        all: but both everywhere in a text that speaks of `subject_id` or `sample_id`.
        """
        if not self.pseudonymised or self._patterns is None:
            return text
        known = {**self.samples, **self.subjects}
        pattern = self._patterns[bool(_OF_IDS.search(text))]
        return pattern.sub(lambda m: known[m.group(0)], text)


def own_names(subjects: Iterable[str], samples: Iterable[str]) -> Names:
    """Return names that are the ids themselves."""
    return Names(False, {s: s for s in subjects}, {s: s for s in samples})


def kept_pseudonyms(
    root: Path,
    subjects: Sequence[str],
    samples: Sequence[str],
    other_names: Collection[str] = (),
    *,
    noun: Noun | None = None,
) -> Names:
    """Return numbers in place of ids, the same in every report of an output folder.

    The order is drawn once and kept in `pseudonyms.csv`, which stays in the house: neither the
    order of the ids nor anything computed from them tells who is who.

    Parameters
    ----------
    root : Path
        The output folder.
    subjects, samples : sequence of str
        Ids.
    other_names : collection of str
        Groups, timepoints and the like: a person may be called as one of them is.
    noun : Noun, optional
        What the study calls a person.

    Raises
    ------
    InputError
        The file is there and is not one of these.
    """
    path = root / KEY_FILE
    known = _read(path)
    before = {kind: dict(of_kind) for kind, of_kind in known.items()}
    called = {SUBJECT: (noun or nouns().subject).one, SAMPLE: SAMPLE}
    for kind, ids in ((SUBJECT, subjects), (SAMPLE, samples)):
        # a study that calls its people otherwise now keeps their numbers
        of_kind = known[kind] = {
            name: f"{called[kind]} {_number(shown)}" for name, shown in known.get(kind, {}).items()
        }
        fresh = sorted(set(ids) - set(of_kind))
        secrets.SystemRandom().shuffle(fresh)
        # a number that once meant someone else is not given again
        first = 1 + max(map(_number, of_kind.values()), default=0)
        of_kind.update({name: f"{called[kind]} {n}" for n, name in enumerate(fresh, start=first)})
    if known != before:
        _write(path, known)
    of_subjects = {s: known[SUBJECT][s] for s in subjects}
    of_samples = {s: known[SAMPLE][s] for s in samples}
    patterns = _patterns_of([*of_subjects, *of_samples], other_names)
    return Names(True, of_subjects, of_samples, patterns)


def drop_pseudonyms(root: Path, is_gone: Callable[[str, str], bool]) -> None:
    """Take people and samples out of the list of an output folder, if it has one.

    Parameters
    ----------
    root : Path
        The output folder.
    is_gone : callable
        Takes `SUBJECT` or `SAMPLE` and the id.
    """
    path = root / KEY_FILE
    known = _read(path)
    left: dict[str, dict[str, str]] = {}
    for kind, of_kind in known.items():
        kept = {name: shown for name, shown in of_kind.items() if not is_gone(kind, name)}
        highest = max(of_kind.values(), key=_number)
        if highest not in kept.values():
            kept[""] = highest  # nobody's, so that it is not given again
        left[kind] = kept
    if left != known:
        _write(path, left)


def _number(pseudonym: str) -> int:
    return int(pseudonym.rpartition(" ")[2])


def _patterns_of(
    ids: Sequence[str], other_names: Collection[str]
) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """Return what finds an id, longer ones first: in any text, and in one that is about ids."""
    ordered = sorted(set(ids), key=lambda i: (-len(i), i))
    if not ordered:
        return None
    others = set(other_names)
    anywhere = [_found_by(i, also=i in others) for i in ordered]
    about_ids = [_found_by(i, about_ids=True) for i in ordered]
    return re.compile("|".join(anywhere)), re.compile("|".join(about_ids))


def _found_by(name: str, *, also: bool = False, about_ids: bool = False) -> str:
    """Return the pattern of one id; `also`: it is the name of something else, too."""
    word = re.escape(name)
    behind = rf"(?<=subject){word}(?![^\W_])"
    if about_ids or not (also or name.isdigit()):
        return rf"(?<![^\W_]){word}(?![^\W_])|{behind}"
    return behind if also else rf"(?<=['\"]){word}(?=['\"])|{behind}"


def _read(path: Path) -> dict[str, dict[str, str]]:
    if not path.exists():
        return {}
    known: dict[str, dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, None)
        rows = list(reader)
    if header != list(_COLUMNS) or any(len(row) != len(_COLUMNS) for row in rows):
        raise _not_a_list(path, ",".join(header or []))
    for kind, name, pseudonym in rows:
        if not re.fullmatch(r".*\D \d+", pseudonym):
            raise _not_a_list(path, pseudonym)
        # lists of earlier versions name the kind by what they call a person
        known.setdefault(SAMPLE if kind == SAMPLE else SUBJECT, {})[name] = pseudonym
    return known


def _not_a_list(path: Path, found: str) -> InputError:
    return InputError(
        "this is not a list of pseudonyms",
        file=path,
        expected=f"{','.join(_COLUMNS)} with rows like subject,P07,person 3",
        found=found,
        hint="move it away; a new one gives people other numbers than earlier reports did",
    )


def _write(path: Path, known: Mapping[str, Mapping[str, str]]) -> None:
    with written_beside(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for kind in sorted(known):
            writer.writerows((kind, *pair) for pair in sorted(known[kind].items()))
