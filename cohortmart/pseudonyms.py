"""What people and samples are called in a report: by their names, or by numbers."""

from __future__ import annotations

import csv
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cohortmart.catalogue import written_beside
from cohortmart.errors import InputError

KEY_FILE = "pseudonyms.csv"
_COLUMNS = ("kind", "name", "pseudonym")


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
    _pattern: re.Pattern[str] | None = field(default=None, compare=False)

    def words(self, text: str) -> str:
        """Return a text with the shown names in place of the ids that stand in it.

        Notes
        -----
        An id is found as a whole word. Ids of digits only are found in quotes, or they would
        take every number for a person.
        """
        if not self.pseudonymised or self._pattern is None:
            return text
        known = {**self.samples, **self.subjects}
        return self._pattern.sub(lambda m: known[m.group(0)], text)


def own_names(subjects: Iterable[str], samples: Iterable[str]) -> Names:
    """Return names that are the ids themselves."""
    return Names(False, {s: s for s in subjects}, {s: s for s in samples})


def kept_pseudonyms(root: Path, subjects: Sequence[str], samples: Sequence[str]) -> Names:
    """Return numbers in place of ids, the same in every report of an output folder.

    The order is drawn once and kept in `pseudonyms.csv`, which stays in the house: neither the
    order of the ids nor anything computed from them tells who is who.

    Parameters
    ----------
    root : Path
        The output folder.
    subjects, samples : sequence of str
        Ids.

    Raises
    ------
    InputError
        The file is there and is not one of these.
    """
    path = root / KEY_FILE
    known = _read(path)
    added = False
    for kind, ids in (("woman", subjects), ("sample", samples)):
        of_kind = known.setdefault(kind, {})
        fresh = sorted(set(ids) - set(of_kind))
        secrets.SystemRandom().shuffle(fresh)
        # a number that once meant someone else is not given again
        first = 1 + max(map(_number, of_kind.values()), default=0)
        of_kind.update({name: f"{kind} {n}" for n, name in enumerate(fresh, start=first)})
        added = added or bool(fresh)
    if added:
        _write(path, known)
    of_subjects = {s: known["woman"][s] for s in subjects}
    of_samples = {s: known["sample"][s] for s in samples}
    return Names(True, of_subjects, of_samples, _pattern_of([*of_subjects, *of_samples]))


def drop_pseudonyms(root: Path, is_gone: Callable[[str, str], bool]) -> None:
    """Take people and samples out of the list of an output folder, if it has one.

    Parameters
    ----------
    root : Path
        The output folder.
    is_gone : callable
        Takes `woman` or `sample` and the id.
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


def _pattern_of(ids: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds an id in a text, longer ones first."""
    parts = [
        rf"(?<=['\"]){re.escape(i)}(?=['\"])" if i.isdigit() else rf"(?<!\w){re.escape(i)}(?!\w)"
        for i in sorted(set(ids), key=lambda i: (-len(i), i))
    ]
    return re.compile("|".join(parts)) if parts else None


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
        if not re.fullmatch(rf"{re.escape(kind)} \d+", pseudonym):
            raise _not_a_list(path, pseudonym)
        known.setdefault(kind, {})[name] = pseudonym
    return known


def _not_a_list(path: Path, found: str) -> InputError:
    return InputError(
        "this is not a list of pseudonyms",
        file=path,
        expected=f"{','.join(_COLUMNS)} with rows like woman,P07,woman 3",
        found=found,
        hint="move it away; a new one gives people other numbers than earlier reports did",
    )


def _write(path: Path, known: Mapping[str, Mapping[str, str]]) -> None:
    with written_beside(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for kind in sorted(known):
            writer.writerows((kind, *pair) for pair in sorted(known[kind].items()))
